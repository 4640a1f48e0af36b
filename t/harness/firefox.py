# SPDX-License-Identifier: Apache-2.0
"""The other browser, headless, with a profile of its own, every name on 127.0.0.1 and any certificate accepted.

What `start` gives is selenium's driver, as of Chromium. Debian has no geckodriver, which makes of selenium's commands
those of Firefox's own remote control, Marionette (lengths and JSON, over TCP); here that is done by `_Marionette`.
"""

import json
import shutil
import signal
import socket

from . import process

PROGRAM = "/usr/bin/firefox-esr"
PREFERENCES = {
    "marionette.port": 0,                               # a free one, said in a file of the profile
    "network.dns.forceResolve": "127.0.0.1",
    "network.proxy.type": 0,
    "network.http.speculative-parallel-limit": 0,       # no idle connections made in advance: they hold up httpd's stop
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.server": "data:,",
}

#: Selenium's name of a command, and Marionette's.
COMMANDS = {
    "newSession": "NewSession", "quit": "DeleteSession", "get": "Navigate", "goBack": "Back", "goForward": "Forward",
    "refresh": "Refresh", "getCurrentUrl": "GetCurrentURL", "getTitle": "GetTitle", "getPageSource": "GetPageSource",
    "findElement": "FindElement", "findElements": "FindElements", "clickElement": "ElementClick",
    "getElementText": "GetElementText", "getCookies": "GetCookies", "w3cExecuteScript": "ExecuteScript",
    "w3cExecuteScriptAsync": "ExecuteAsyncScript", "setTimeouts": "SetTimeouts", "screenshot": "TakeScreenshot",
}


class _Marionette:
    """What selenium's driver sends its commands to."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._stream = self._socket.makefile("rb")
        self._number = 0
        self._receive()                                 # a greeting

    def _receive(self):
        length = b""
        while (digit := self._stream.read(1)) != b":":
            if not digit:
                raise AssertionError("Firefox has ended")
            length += digit
        return json.loads(self._stream.read(int(length)))

    def ask(self, name, **parameters):
        """The answer's error, None where all is well, and its result."""
        self._number += 1
        text = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(text), text))
        number, error, result = self._receive()[1:]
        assert number == self._number
        return error, result

    def execute(self, command, parameters):
        parameters = {k: v for k, v in (parameters or {}).items() if k != "sessionId"}
        if command == "getLog":                         # the console's, as Chromium's driver gives it
            return {"value": self.privileged("return Services.console.getMessageArray().map(m => ({message: m.message}))")}
        if command == "newSession":
            parameters = parameters["capabilities"]["alwaysMatch"]
        error, result = self.ask(f"WebDriver:{COMMANDS[command]}", **parameters)
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result["value"] if isinstance(result, dict) and "value" in result else result}

    def privileged(self, script):
        """Runs a script as a part of the browser itself."""
        self.ask("Marionette:SetContext", value="chrome")
        error, result = self.ask("WebDriver:ExecuteScript", script=script, args=[])
        assert not error, error
        self.ask("Marionette:SetContext", value="content")
        return result["value"]

    def close(self):
        self._socket.close()


class Firefox:
    """`start` opens browsers, `stop` ends them all."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._started = {}
        self._profiles = 0

    def start(self, block_cookies=False, block_third_party=False, dark=False):
        """A browser with an empty profile. Cookies of third parties are kept, apart by the site on top, as usual."""
        from selenium import webdriver
        self._profiles += 1
        profile = self.folder / f"profile{self._profiles}"
        profile.mkdir()
        wanted = PREFERENCES | {"network.cookie.cookieBehavior": 2 if block_cookies else 1 if block_third_party else 5,
                                "ui.systemUsesDarkTheme": int(dark)}
        (profile / "user.js").write_text("".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in wanted.items()))
        with open(profile / "log", "wb") as log:
            running = process.Process(
                [PROGRAM, "--headless", "--no-remote", "--marionette", "--remote-allow-system-access", "--profile", profile],
                cwd=self.folder, env=process.environment(HOME=str(self.folder), TMPDIR=str(self.folder)), stdout=log, stderr=log)
        said = profile / "MarionetteActivePort"
        if not process.until(lambda: not running.running or said.exists() and said.read_text().strip()):
            running.stop(3)
        assert running.running, "Firefox did not start:\n" + (profile / "log").read_text()
        options = webdriver.FirefoxOptions()
        options.accept_insecure_certs = True
        driver = webdriver.Remote(command_executor=_Marionette(int(said.read_text())), options=options)
        driver.set_page_load_timeout(30)
        self._started[driver] = running
        return driver

    def quit(self, driver):
        running = self._started.pop(driver)
        driver.command_executor.close()
        running.quit = signal.SIGKILL                   # it has nothing to save
        running.stop()

    def stop(self):
        for driver in list(self._started):
            self.quit(driver)
        shutil.rmtree(self.folder, ignore_errors=True)


def forget(driver):
    """No cookies, nothing cached, an empty page: what the next test wants."""
    driver.get("about:blank")
    driver.command_executor.privileged("Services.cookies.removeAll(); Services.cache2.clear(); Services.console.reset();")

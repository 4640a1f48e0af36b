# SPDX-License-Identifier: Apache-2.0
"""The real browser, headless, with a profile of its own, the test names on 127.0.0.1 and the test certificate accepted.

What `start` gives is selenium's driver: `driver.get(url)`, `driver.find_element("css selector", "button").click()`.
"""

import http.client
import subprocess

import pytest

from . import ports, process
from .paths import SHOTS

FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--disable-default-apps", "--disable-extensions", "--no-default-browser-check", "--no-proxy-server",
         "--password-store=basic", "--mute-audio", "--hide-scrollbars",
         "--disable-features=OptimizationHints,MediaRouter,Translate")


def browsers(*others):
    """What `driver` may be, in turn: the others with --full alone."""
    return ["chromium", *(pytest.param(name, marks=pytest.mark.full) for name in others)]


BROWSERS = browsers("firefox", "webkit")


class Chromium:
    """One chromedriver; `start` opens browsers with it, `stop` ends them all."""

    def __init__(self, folder, authority):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.authority = folder, authority
        self._drivers = []
        self._profiles = 0
        port = ports.free()
        self._url = f"http://127.0.0.1:{port}"
        self._process = process.Process(["/usr/bin/chromedriver", f"--port={port}"], cwd=folder,
                                        env=process.environment(HOME=str(folder), TMPDIR=str(folder)),
                                        stdout=subprocess.DEVNULL)
        process.until(lambda: self._answers(port))

    @staticmethod
    def _answers(port):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
        try:
            connection.request("GET", "/status")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def start(self, block_cookies=False, block_third_party=False, javascript=True, dark=False, size=(1000, 800), flags=()):
        """A browser with an empty profile."""
        from selenium import webdriver
        from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
        self._profiles += 1
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        own = [f"--user-data-dir={self.folder}/profile{self._profiles}", f"--window-size={size[0]},{size[1]}",
               "--host-resolver-rules=MAP *.test 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
               f"--ignore-certificate-errors-spki-list={self.authority.server.spki}"]
        if dark:
            own.append("--blink-settings=preferredColorScheme=0")
        for flag in (*FLAGS, *own, *flags):
            options.add_argument(flag)
        blocked = ["cookies"] * block_cookies + ["javascript"] * (not javascript)
        options.add_experimental_option("prefs", {
            "net.network_prediction_options": 2,        # no idle connections made in advance: they hold up httpd's stop
            "profile.cookie_controls_mode": int(block_third_party), "profile.block_third_party_cookies": block_third_party,
            **{f"profile.default_content_setting_values.{what}": 2 for what in blocked}})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        connection = ChromiumRemoteConnection(self._url, vendor_prefix="goog", browser_name="chrome")
        driver = webdriver.Remote(command_executor=connection, options=options)
        driver.set_page_load_timeout(30)
        self._drivers.append(driver)
        return driver

    def quit(self, driver):
        self._drivers.remove(driver)
        driver.quit()

    def stop(self):
        for driver in list(self._drivers):
            try:
                self.quit(driver)
            except Exception:       # a browser that died already must not keep the rest from being ended
                pass
        self._process.stop(3)


def patience(driver):
    """Selenium's wait for a page, any browser's: `patience(driver).until(lambda d: d.title == "Members")`. What was there
    when it looked, and is gone before it reads it, belongs to the page before."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait
    return WebDriverWait(driver, 60, ignored_exceptions=[StaleElementReferenceException])


def arrive(driver, part):
    """Wait until the page whose address has `part` in it is there, to its end."""
    patience(driver).until(lambda d: part in d.current_url and d.execute_script("return document.readyState") == "complete")


def cdp(driver, command, **parameters):
    """A command of Chromium's own debugging protocol."""
    return driver.execute("executeCdpCommand", {"cmd": command, "params": parameters})["value"]


_RESOLVE = """
const [base, texts] = arguments, home = new URL(base).origin + "/";
return texts.map(text => {
    try {
        const url = new URL(text, base).href;
        return url.startsWith(home) ? url.slice(home.length - 1) : null;
    } catch (refused) {
        return null;
    }
});"""


def resolve(driver, base, texts):
    """What the browser at `base` makes of each text as an address: path, query and fragment where it is of the same
    origin, None where it leads elsewhere or nowhere. That is its own reading, the URL class of the WHATWG."""
    texts = list(texts)
    return [read for start in range(0, len(texts), 20_000)
            for read in driver.execute_script(_RESOLVE, base, texts[start:start + 20_000])]


def forget(driver):
    """No cookies, no storage, an empty page: what the next test wants."""
    driver.get("about:blank")
    cdp(driver, "Network.clearBrowserCookies")
    cdp(driver, "Network.clearBrowserCache")


def screenshot(driver, name):
    """A picture NAME.png in the folder that TWAUTH_SHOTS names; of others NAME-firefox.png, NAME-webkit.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    file = SHOTS / f"{name}{ {'firefox': '-firefox', 'MiniBrowser': '-webkit'}.get(driver.name, '')}.png"
    driver.save_screenshot(str(file))
    return file

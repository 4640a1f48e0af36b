# SPDX-License-Identifier: Apache-2.0
"""Safari's engine, WebKitGTK in its own small browser, on a screen of memory: every name on 127.0.0.1, any
certificate accepted. Its Intelligent Tracking Prevention is on, as in Safari.

What `start` gives is selenium's driver, as of Chromium. It has no log of the console, and waits in vain for a page that Back
leads to from one with a Cross-Origin-Opener-Policy.
"""

import shutil
from pathlib import Path

from . import ports, process
from .resolver import Resolver

DRIVER = "/usr/bin/WebKitWebDriver"


def _program():
    return str(next(Path("/usr/lib").glob("*/webkit2gtk-4.1/MiniBrowser")))


class WebKit:
    """`start` opens browsers, each with a driver of its own, which has but one; `stop` ends them all."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._started = {}
        self._homes = 0
        self._names = Resolver(folder / "names", local="")
        said = folder / "display"
        with open(folder / "screen.log", "wb") as log:
            self._screen = process.Process(
                ["/bin/sh", "-c", 'exec Xvfb -displayfd 3 -screen 0 1000x800x24 -nolisten tcp 3> "$1"', "sh", said],
                cwd=folder, stdout=log, stderr=log)
        assert process.until(lambda: said.exists() and said.read_text().strip()), (folder / "screen.log").read_text()
        self._display = f":{said.read_text().strip()}"

    def start(self, block_cookies=False, block_third_party=False, dark=False):
        """A browser with an empty profile."""
        from selenium import webdriver
        self._homes += 1
        home, port = self.folder / f"home{self._homes}", ports.free()
        home.mkdir(mode=0o700)
        env = process.environment(HOME=str(home), TMPDIR=str(home), XDG_RUNTIME_DIR=str(home), DISPLAY=self._display,
                                  NO_AT_BRIDGE="1", LIBGL_ALWAYS_SOFTWARE="1", LD_PRELOAD=" ".join(self._names.preload),
                                  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS="1", **self._names.environment)
        with open(home / "log", "wb") as log:
            running = process.Process([DRIVER, f"--port={port}"], cwd=home, env=env, stdout=log, stderr=log)
        assert process.until(lambda: ports.answers(port)), (home / "log").read_text()
        options = webdriver.WebKitGTKOptions()
        options.binary_location = _program()
        options.accept_insecure_certs = True
        policy = "never" if block_cookies else "no-third-party" if block_third_party else "always"
        for argument in ("--automation", "--enable-itp", f"--cookies-policy={policy}", *["--dark-mode"] * dark):
            options.add_argument(argument)
        try:
            driver = webdriver.Remote(command_executor=f"http://127.0.0.1:{port}", options=options)
        except Exception:
            running.stop(3)
            raise
        driver.set_page_load_timeout(30)
        self._started[driver] = running
        return driver

    def quit(self, driver):
        self._started.pop(driver).stop(3)               # and with it its browser, which has nothing to save

    def stop(self):
        for driver in list(self._started):
            self.quit(driver)
        self._screen.stop(3)
        shutil.rmtree(self.folder, ignore_errors=True)

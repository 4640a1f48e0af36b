# SPDX-License-Identifier: Apache-2.0
"""`make demo`, walked through by a person: each page does what it says, by either protocol, and nothing is left running."""

import contextlib
import re
import signal
import subprocess
import time

import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

from harness import ports, process
from harness.chromium import patience
from harness.paths import TREE
from harness.process import until
from harness.programs import load_program


class Demo:
    def __init__(self, folder, protocol):
        self.port = ports.free()
        self._run = process.Process(
            [TREE / "demo/run"], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, quit=signal.SIGINT,
            env=process.environment(TWAUTH_DEMO_PORT=str(self.port), TWAUTH_PROTOCOL=protocol,
                                    TWAUTH_DEMO_DIR=str(folder)))
        self.said = self._run.popen.stdout.readline().decode()
        if self.said.startswith("demo: "):       # its last words
            self.said += self._run.popen.stdout.read().decode()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def end(self):
        """Ctrl-C; its last words and its status."""
        if self._run.running:
            self._run.signal(signal.SIGINT)
        said = self._run.popen.communicate(timeout=30)[0]
        return said.decode(), self._run.popen.returncode


@pytest.fixture(scope="module", params=["oauth1", "oauth2"])
def demo(request, folder):
    demo = Demo(folder / f"demo-{request.param}", request.param)
    yield demo
    if demo._run.running:
        demo.end()


@pytest.fixture(scope="module")
def person(demo, _chromium):
    """A browser in which alice has signed in, and wants to stay so."""
    driver = _chromium.start()
    driver.get(demo.url("/"))
    press(driver, "Go to the members")
    press(driver, "Stay signed in", "label")
    press(driver, "Sign in with X")
    press(driver, "alice", "label")
    press(driver, "uthorize")
    patience(driver).until(lambda d: d.current_url == demo.url("/members/"))
    yield driver
    _chromium.quit(driver)


def press(driver, text, what="a, button, input[type=submit]"):
    def try_it():
        try:
            for element in driver.find_elements(By.CSS_SELECTOR, what):
                if element.is_displayed() and text in (element.text or element.get_attribute("value") or ""):
                    element.click()
                    return True
        except StaleElementReferenceException:      # the page of before went away meanwhile
            pass
        return False
    assert until(try_it), f"no {text!r} on {driver.current_url}:\n{driver.page_source}"


def read(driver):
    return driver.find_element(By.TAG_NAME, "main").text


def answer_to(driver, method):
    place = driver.find_element(By.CSS_SELECTOR, f'[data-answer="{method}"]')
    assert until(lambda: re.match(r"\d", place.text)), place.text
    return place.text


@pytest.mark.parametrize("protocol", ["oauth1", "oauth2"])
def test_a_secret_may_begin_with_any_letter(folder, protocol):
    """Of those that are drawn, one in 64 looks like an option of the command line."""
    run = load_program("demo_run", "demo/run")
    run.make(folder / f"secret-{protocol}/log", 0o755)
    with contextlib.ExitStack() as stack:
        application = run.Application(protocol, "-key", "-" + 42 * "x", False)
        _, port = run.start_stand_in(folder / f"secret-{protocol}", stack, "http://127.0.0.1/", application)
        assert ports.answers(port)


def test_it_says_where_to_look(demo):
    assert demo.url("/") in demo.said


@pytest.mark.parametrize("demo", ["oauth1"], indirect=True)
def test_it_goes_on_after_it_was_stopped(demo):
    """As on a machine that slept."""
    demo._run.signal(signal.SIGSTOP)
    time.sleep(1.1)             # longer than it waits for anything
    demo._run.signal(signal.SIGCONT)
    time.sleep(.3)
    assert demo._run.running and ports.answers(demo.port)


def test_members_see_name_picture_and_handle(demo, person):
    person.get(demo.url("/members/"))
    assert "Welcome, Alice Ångström" in read(person) and "@alice" in read(person)
    picture = person.find_element(By.CSS_SELECTOR, "img.avatar")
    assert until(lambda: picture.get_property("naturalWidth") > 0)


def test_a_page_calls_X_as_the_user(demo, person):
    person.get(demo.url("/call/"))
    press(person, "Who does X say")
    assert '"username": "alice"' in answer_to(person, "GET")
    press(person, "Post as me")
    assert answer_to(person, "POST").startswith("201") and "Hello from httpd" in answer_to(person, "POST")


def opened(demo, person, path):
    """As a person sees it who is asked by X again where the sign-in was a minute ago."""
    person.get(demo.url(path))
    if person.current_url != demo.url(path):
        press(person, "alice", "label")
        press(person, "uthorize")
    assert until(lambda: person.current_url == demo.url(path)), person.current_url
    return read(person)


@pytest.mark.parametrize("path, heading", [("/fresh/", "within the last minute"), ("/admin/", ""), ("/remember/", "or not")])
def test_pages_open(demo, person, path, heading):
    assert heading in opened(demo, person, path)


def test_the_box_is_in_the_cookie(person):
    assert person.get_cookie("twauth")["expiry"] > 0


def test_pages_name_the_lines_that_do_it(demo, person):
    """What a page shows is what the demo's own configuration has."""
    config = re.sub(r"\s+", " ", (TREE / "demo/httpd.conf").read_text())
    for path in ("/members/", "/call/", "/fresh/", "/remember/"):
        opened(demo, person, path)
        lines = [e.text for e in person.find_elements(By.CSS_SELECTOR, "pre mark") if e.text.startswith("TwAuth")]
        assert lines and not [line for line in lines if re.sub(r"\s+", " ", line) not in config
                              and not line.startswith("TwAuthRememberFor 30d")], (path, lines)


def test_my_account_is_shown_and_left(demo, person):
    person.get(demo.url("/twauth/account"))
    assert "@alice" in read(person)
    person.get(demo.url("/twauth/logout"))
    press(person, "Sign out")
    person.get(demo.url("/members/"))
    assert "Sign in with X" in read(person)


def test_it_ends_and_leaves_nothing_running(demo):
    said, status = demo.end()
    assert status == 0 and "Ended." in said
    assert not ports.answers(demo.port)

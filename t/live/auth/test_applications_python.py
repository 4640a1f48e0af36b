# SPDX-License-Identifier: Apache-2.0
"""Flask and Django behind the gate, by the lines of docs/applications.md."""

import stat

import pytest

from harness import applications
from harness.applications import Program, block, folder_of, signed_in, spoofed

GUNICORN = "/usr/bin/gunicorn"
PROXY = ("headers", "proxy", "proxy_http")

#: What is added to the document's application: it says who it was told is there, and takes a form.
VIEWS = """
from flask import jsonify

@app.get("/notes/<int:number>")
def note(number):
    return jsonify(user=g.user, id=g.id, roles=g.roles, number=number, query=request.query_string.decode(), url=request.url,
                   cookies=list(request.cookies))

@app.post("/notes")
def add():
    with open("posted", "a") as file:
        file.write(f"{g.user}: {request.form['text']}\\n")
    return redirect("/notes/1")
"""


@pytest.fixture(scope="module")
def flask(make_site):
    site = make_site(start=False, protected="", modules=PROXY)
    folder = site.notes = folder_of(site, "notes")
    (folder / "app.py").write_text(block("Flask", "from flask import") + VIEWS)
    command = block("Flask", "gunicorn").replace("/run/notes", str(folder)).split()
    site.vhost.config += "\n" + block("Flask", "AuthType Twitter").replace("/run/notes", str(folder))
    with Program(folder, [GUNICORN, *command[1:]], ready=(folder / "app.sock").exists):
        yield site.start()


def test_flask_a_deep_link_and_back(flask):
    answer = flask.browser().sign_in("alice", next="/notes/7?x=1&y=%20z")
    told = answer.json()
    assert (told["user"], told["id"], told["number"], told["query"]) == ("alice", "1001", 7, "x=1&y=%20z")
    assert told["url"] == flask.url("/notes/7?x=1&y=%20z") and not told["cookies"]


def test_flask_nobody_reaches_it(flask):
    answer = flask.browser().get("/notes/7")
    assert answer.status == 302 and "/twauth/login?next=%2Fnotes%2F7" in answer.location
    assert [answer.status for _, answer in spoofed(flask.browser(), "/notes/7")] == [302] * len(applications.NAMES)
    assert flask.browser().fetch("/notes/7").status == 401


def test_flask_what_a_visitor_claims_changes_nothing(flask):
    alice = signed_in(flask)
    for name, answer in spoofed(alice, "/notes/7"):
        told = answer.json()
        assert (told["user"], told["id"], told["roles"]) == ("alice", "1001", [""]), name


def test_flask_roles(flask):
    signed_in(flask, "bob")
    assert flask.ctl("role", "@bob", "+editor")
    assert signed_in(flask, "bob").get("/notes/1").json()["roles"] == ["editor"]


def test_flask_signing_out(flask):
    alice = signed_in(flask)
    page = alice.get("/sign-out", follow=True)
    assert page.target == "/twauth/logout" and page.status == 200
    assert alice.post("/notes", {"text": "before"}).status == 302
    assert alice.sign_out().status == 303
    assert alice.post("/notes", {"text": "after"}).status == 401
    assert (flask.notes / "posted").read_text() == "alice: before\n"


def test_flask_its_socket_is_for_httpd_alone(flask):
    mode = (flask.notes / "app.sock").stat().st_mode
    assert stat.S_ISSOCK(mode) and not mode & 0o007

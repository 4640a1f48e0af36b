# SPDX-License-Identifier: Apache-2.0
"""Flask and Django behind the gate, by the lines of docs/applications.md."""

import re
import stat
import subprocess

import pytest

from harness import applications, process
from harness.applications import Program, block, folder_of, signed_in, spoofed

PYTHON = "/usr/bin/python3"
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


def test_flask_a_new_handle_changes_nothing_and_an_old_one_gives_nothing(flask):
    """dave becomes erin at X, and his handle somebody else's."""
    flask.expect_log("TW0217")
    people = {"alice": "1001", "bob": "1002", "carol": "1003"}
    flask.standin.people(dave="21", **people)
    before = signed_in(flask, "21").get("/notes/1").json()
    flask.standin.people(erin="21", dave="22", **people)
    after, other = (signed_in(flask, number).get("/notes/1").json() for number in ("21", "22"))
    assert (before["user"], before["id"]) == (after["user"], after["id"]) == ("dave", "21")
    assert (other["user"], other["id"]) == ("dave.22", "22")


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


# Django

SETTINGS = """
SECRET_KEY = "only of this test"
ROOT_URLCONF = "mysite.urls"
INSTALLED_APPS = ["django.contrib." + name for name in ("admin", "auth", "contenttypes", "sessions", "messages")]
MIDDLEWARE = ["django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
              "django.contrib.auth.middleware.AuthenticationMiddleware", "mysite.gate.Gate",
              "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages"]}}]
MIGRATION_MODULES = {name: None for name in ("admin", "auth", "contenttypes", "sessions")}
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "FOLDER/db"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""
URLS = """
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token

def note(request, number):
    if request.method == "POST":
        return HttpResponse(f"{request.user}: {request.POST['text']}")
    user = request.user
    return JsonResponse({"user": user.username, "pk": user.pk, "staff": user.is_staff, "superuser": user.is_superuser,
                         "number": number, "url": request.build_absolute_uri(), "token": get_token(request),
                         "cookies": list(request.COOKIES)})

urlpatterns.append(path("notes/<int:number>", note))
"""
WSGI = """
import os
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "mysite.settings"
application = get_wsgi_application()
"""
#: A superuser as createsuperuser makes it, and somebody who is not active any more.
PEOPLE = """
from django.contrib.auth.models import User
User.objects.create_superuser("boss", password="secret")
User.objects.create_user("carol", is_active=False)
"""


def manage(folder, *words, **more):
    subprocess.run([PYTHON, "-m", "django", *words], cwd=folder, check=True, capture_output=True, timeout=300,
                   env=process.environment(PYTHONPATH=str(folder), DJANGO_SETTINGS_MODULE="mysite.settings"), **more)


@pytest.fixture(scope="module", params=["gunicorn", pytest.param("mod_wsgi", marks=pytest.mark.full)])
def django(request, make_site):
    wsgi = request.param == "mod_wsgi"
    site = make_site(start=False, protected="", modules=("wsgi",) if wsgi else PROXY)
    folder = site.mysite = folder_of(site, "mysite")
    settings = block("Django", "AUTHENTICATION_BACKENDS =").replace("www.example.com", "site.test")
    if wsgi:
        settings = re.sub("SECURE_PROXY_SSL_HEADER.*", "", settings).replace("HTTP_X_TWAUTH_", "TWAUTH_")
    texts = {"settings": SETTINGS.replace("FOLDER", str(folder)) + settings, "urls": block("Django", "urlpatterns") + URLS,
             "gate": block("Django", "class Gate"), "wsgi": WSGI}
    (folder / "mysite").mkdir()
    for name, text in texts.items():
        (folder / "mysite" / f"{name}.py").write_text(text)
    manage(folder, "migrate", "--run-syncdb")
    manage(folder, "shell", input=PEOPLE.encode())
    process.give(folder, applications.USER)
    lines = block("Django", "WSGIScriptAlias") if wsgi else block("Django", "unix:/run/mysite")
    site.vhost.config += "\n" + lines.replace("/srv/mysite", str(folder)).replace("/run/mysite", str(folder))
    if wsgi:
        site.httpd.main += f'WSGISocketPrefix "{site.httpd.folder}/run/wsgi"\n'
        yield site.start()
    else:
        argv = [GUNICORN, "--umask", "007", "--bind", f"unix:{folder}/app.sock", "mysite.wsgi"]
        with Program(folder, argv, ready=(folder / "app.sock").exists):
            yield site.start()


def test_django_a_deep_link_and_back(django):
    alice = django.browser()
    told = alice.sign_in("alice", next="/notes/7?x=1&y=%20z").json()
    assert (told["user"], told["staff"], told["superuser"]) == ("alice", False, False)
    assert told["url"] == django.url("/notes/7?x=1&y=%20z")
    assert "twauth" not in str(alice.get("/notes/7").json()["cookies"])
    assert alice.get("/notes/7").json()["pk"] == told["pk"] == signed_in(django).get("/notes/7").json()["pk"]


def test_django_nobody_reaches_it(django):
    answer = django.browser().get("/notes/7")
    assert answer.status == 302 and "/twauth/login?next=%2Fnotes%2F7" in answer.location
    assert [answer.status for _, answer in spoofed(django.browser(), "/notes/7")] == [302] * len(applications.NAMES)
    assert django.browser().fetch("/admin/").status == 401


@pytest.mark.parametrize("claim", ["boss", "admin"])
def test_django_what_a_visitor_claims_changes_nothing(django, claim):
    alice = signed_in(django)
    for name, answer in spoofed(alice, "/notes/7", claim):
        told = answer.json()
        assert (told["user"], told["staff"], told["superuser"]) == ("alice", False, False), name


def test_django_roles_are_the_gates(django):
    bob = signed_in(django, "bob")
    assert bob.get("/admin/", follow=True).status == 403
    for role, rights in (("editor", (True, False)), ("admin", (True, True))):
        assert django.ctl("role", "@bob", "+" + role)
        bob = signed_in(django, "bob")
        told = bob.get("/notes/1").json()
        assert (told["staff"], told["superuser"]) == rights and bob.get("/admin/").status == 200
        assert django.ctl("role", "@bob", "-" + role)
    told = signed_in(django, "bob").get("/notes/1").json()
    assert (told["staff"], told["superuser"]) == (False, False)


def test_django_forms_are_its_own(django):
    """Its defence against forged forms takes the site's own for what they are."""
    alice = signed_in(django)
    form = {"csrfmiddlewaretoken": alice.get("/notes/1").json()["token"], "text": "hello"}
    own, foreign = {"Referer": django.url("/notes/1")}, {"Referer": "https://elsewhere.example/"}
    assert alice.post("/notes/1", form, headers=own).text == "alice: hello"
    assert alice.post("/notes/1", {"text": "hello"}, headers=own).status == 403
    assert alice.post("/notes/1", form, headers=foreign, site="cross-site").status in (401, 403)
    assert alice.post("/notes/1", form, headers=foreign).status == 403


def test_django_signing_out(django):
    alice = signed_in(django)
    form = {"csrfmiddlewaretoken": alice.get("/notes/1").json()["token"], "text": "hello"}
    assert alice.get("/admin/logout/", follow=True).target == "/twauth/logout"
    assert alice.sign_out().status == 303
    assert alice.post("/notes/1", form, headers={"Referer": django.url("/notes/1")}).status == 401
    mixed = "; ".join(f"{name}={browser.cookies[name]}" for browser, name in ((signed_in(django, "bob"), "__Host-twauth"),
                                                                              (alice, "sessionid")))
    assert django.browser().get("/notes/1", headers={"Cookie": mixed}).json()["user"] == "bob"


def test_django_no_password_signs_in(django):
    alice = signed_in(django)
    form = {"csrfmiddlewaretoken": alice.get("/notes/1").json()["token"], "username": "boss", "password": "secret"}
    assert alice.get("/admin/login/").status == 403
    assert alice.post("/admin/login/", form, headers={"Referer": django.url("/admin/login/")}).status == 403
    assert alice.get("/notes/1").json()["user"] == "alice"


def test_django_who_is_not_active_there_is_refused_without_a_loop(django):
    assert signed_in(django, "carol").get("/notes/1", follow=True).status == 403

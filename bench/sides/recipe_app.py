# SPDX-License-Identifier: Apache-2.0
"""A Flask application with "Sign in with Twitter": the recipe that mod_twauth does without an application.

login_required asks Flask-Login who it is, which asks the database at each request, as its documentation says.
"""

import os
import urllib.request
from urllib.parse import parse_qsl

from flask import Flask, redirect, request, session
from flask_login import LoginManager, UserMixin, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from oauthlib.oauth1 import Client

API, BROWSER, ORIGIN = os.environ["API"], os.environ["BROWSER"], os.environ["ORIGIN"]

app = Flask(__name__)
app.config.update(SECRET_KEY="secret-key-of-the-benchmark", SQLALCHEMY_DATABASE_URI=os.environ["DATABASE"])
db = SQLAlchemy(app)
logins = LoginManager(app)
logins.login_view = "login"


class Account(UserMixin, db.Model):
    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True)
    token = db.Column(db.String(200))
    secret = db.Column(db.String(200))


@logins.user_loader
def load(number):
    return db.session.get(Account, int(number))


def ask(path, **more):
    """One signed call to X."""
    client = Client(os.environ["KEY"], os.environ["SECRET"], **more)
    url, headers, _ = client.sign(f"{API}/oauth/{path}", "POST")
    with urllib.request.urlopen(urllib.request.Request(url, b"", headers), timeout=10) as answer:
        return dict(parse_qsl(answer.read().decode()))


@app.get("/login")
def login():
    token = ask("request_token", callback_uri=f"{ORIGIN}/callback")
    session["pending"] = token["oauth_token"], token["oauth_token_secret"], request.args.get("next", "/")
    return redirect(f"{BROWSER}/oauth/authenticate?oauth_token={token['oauth_token']}")


@app.get("/callback")
def callback():
    token, secret, target = session.pop("pending")
    said = ask("access_token", resource_owner_key=token, resource_owner_secret=secret,
               verifier=request.args["oauth_verifier"])
    account = db.session.execute(db.select(Account).filter_by(username=said["screen_name"])).scalar_one_or_none()
    if account is None:
        account = Account(username=said["screen_name"])
        db.session.add(account)
    account.token, account.secret = said["oauth_token"], said["oauth_token_secret"]
    db.session.commit()
    login_user(account)
    return redirect(target)


@app.get("/members/page.html")
@login_required
def page():
    return os.environ["PAGE"]

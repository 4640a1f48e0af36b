# SPDX-License-Identifier: Apache-2.0
"""The HTML of the stand-in's pages: without scripts, light and dark, usable by keyboard."""

import base64
import hashlib
from html import escape

STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #14171a; --soft: #57606a;
  --line: #d5dae0; --accent: #0b57d0; --on-accent: #fff; --note: #fff4d6; --on-note: #5c4400; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1216; --card: #181c22; --text: #e8eaed;
  --soft: #a2abb5; --line: #323a44; --accent: #8ab4f8; --on-accent: #0b1a33; --note: #3a3017;
  --on-note: #ffe3a1; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 28rem; margin: 0 auto; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
.note { margin: -2rem -2rem 1.5rem; padding: .6rem 2rem; border-radius: 1rem 1rem 0 0;
  background: var(--note); color: var(--on-note); font-size: .875rem; }
h1 { margin: 0 0 1rem; font-size: 1.4rem; line-height: 1.25; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; }
fieldset { margin: 0 0 1.5rem; padding: 0; border: 0; }
legend { padding: 0; margin-bottom: .5rem; color: var(--soft); }
label { display: flex; gap: .75rem; align-items: center; padding: .6rem .75rem;
  margin-bottom: .4rem; border: 1px solid var(--line); border-radius: .6rem;
  cursor: pointer; overflow-wrap: anywhere; }
label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); }
input { accent-color: var(--accent); }
.soft { color: var(--soft); font-size: .875rem; }
label .soft { margin-left: auto; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; }
button, .button { flex: 1; padding: .65rem 1.2rem; border: 1px solid var(--line);
  border-radius: 2rem; background: none; color: inherit; font: inherit; font-weight: 600;
  text-align: center; text-decoration: none; white-space: nowrap; cursor: pointer; }
.first { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
"""

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()


def document(title, content):
    """A whole page around its content."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="note">This is a stand-in for tests and demonstrations. It is not X (Twitter).</p>
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""


def decision(state, action, hidden, asked, chosen):
    """Who are you, and may the application know?  `hidden`: what the form sends along."""
    people = "\n".join(person(key, handle, key == chosen) for key, handle in state.users.items())
    fields = "\n".join(f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
                       for name, value in hidden.items())
    return document(f"Authorize {state.app_name} to access your account?", f"""
<form method="post" action="{escape(action)}">
{fields}
<fieldset>
<legend>You are</legend>
{people}
</fieldset>
<p class="soft">{escape(state.app_name)} asks for {escape(asked)}.
Nobody here has a password.</p>
<div class="buttons">
<button class="first" id="allow" name="decision" value="allow">Authorize app</button>
<button id="cancel" name="decision" value="cancel">Cancel</button>
</div>
</form>""")


def person(user_id, handle, checked):
    """One line of the list of people."""
    return (f'<label><input type="radio" name="user" value="{escape(user_id)}" required'
            f'{" checked" if checked else ""}>@{escape(handle)}'
            f'<span class="soft">{escape(user_id)}</span></label>')


def cancelled(app_name, back):
    """X does not lead back by itself after Cancel: it shows a link."""
    return document("You did not authorize the app", f"""
<p>{escape(app_name)} was not given access to your account.</p>
<div class="buttons">
<a class="button first" id="return" href="{escape(back)}">Return to {escape(app_name)}</a>
</div>""")


def whoa_there():
    """X's page for a request token that is of no use."""
    return document("Whoa there!", """
<p>The request token for this page is invalid. It may have already been used, or expired because it
is too old. Please go back to the site or application that sent you here and try again; it was
probably just a mistake.</p>""")


def something_went_wrong(reason):
    """X's page for a browser sent with parameters of no use; X does not say which."""
    return document("Something went wrong", f"""
<p>You weren't able to give access to the App. Go back and try logging in again.</p>
<p class="soft" id="reason">For developers, and not said by X: {escape(str(reason))}.</p>""")


def front(state, user_id):
    """Who is signed in at the stand-in."""
    if not user_id:
        people = ", ".join(f"@{escape(handle)}" for handle in state.users.values())
        return document("Nobody is signed in", f"<p>The people here are {people}.</p>")
    handle = state.users[user_id]
    apps = (f"{escape(state.app_name)} has access to this account."
            if any(person_id == user_id for person_id, _ in state.trial.approvals)
            else "No app has access to this account.")
    return document(f"You are @{handle}", f"""
<p>{apps}</p>
<form method="post" action="/">
<div class="buttons">
<button class="first" id="sign-out" name="action" value="sign-out">Sign out</button>
<button id="revoke" name="action" value="revoke">Revoke access</button>
</div>
</form>""")

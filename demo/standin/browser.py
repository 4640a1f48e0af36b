# SPDX-License-Identifier: Apache-2.0
"""The pages people see at "X", of both protocols, and who they are there.

The person is kept in a cookie.  It holds the id in clear: whoever can reach the stand-in may be
anybody, that is what it is for.
"""

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote

from . import oauth2, pages
from .server import Reply

COOKIE = "standin_user"


def authenticate(state, request, _verdict):
    """/oauth/authenticate: who approved before passes without a page."""
    return decision_page(state, request, may_pass=True)


def authorize(state, request, _verdict):
    """/oauth/authorize: asks every time."""
    return decision_page(state, request, may_pass=False)


def decision_page(state, request, may_pass):
    """The page with the two buttons, what they do, and the cases in which it is not shown."""
    given = request.arguments()
    pending = state.pending(given.get("oauth_token", ""))
    if pending is None:
        return page(403, pages.whoa_there())
    if request.method == "POST":
        return decided(state, request, pending, given)
    if state.trial.auto_approve_user:
        return approved(state, request, pending, state.trial.auto_approve_user)
    person = signed_in(state, request)
    forced = given.get("force_login") == "true"
    if may_pass and person and not forced and state.approved_before(person, pending.access):
        return approved(state, request, pending, person)
    chosen = by_handle(state, given.get("screen_name")) or person or next(iter(state.users), "")
    asked = "read and write access" if pending.access == "write" else "read access"
    hidden = {"oauth_token": pending.token}
    return page(200, pages.decision(state, request.path, hidden, asked, chosen))


def decided(state, request, pending, given):
    """A button was pressed."""
    if given.get("decision") == "allow":
        return approved(state, request, pending, given.get("user", ""))
    link = state.deny(pending.token)
    if link is None:
        return page(403, pages.whoa_there())
    return page(200, pages.cancelled(state.app_name, link))


def approved(state, request, pending, user_id):
    """Back to the application, with a verifier."""
    url = state.approve(pending.token, user_id)
    if url is None:
        return page(403, pages.whoa_there())
    return back(url, cookie(request, user_id))


def authorize2(state, request, _verdict):
    """/i/oauth2/authorize: who approved as much before passes without a page."""
    given = request.arguments()
    chosen = [(name, value) for name, value in request.pairs() if name not in ("user", "decision")]
    try:
        wanted = oauth2.read_authorization(state, chosen)
    except oauth2.Unusable as reason:
        return page(400, pages.something_went_wrong(reason))
    state.asked_for(wanted)
    person = signed_in(state, request)
    if request.method == "POST" and given.get("decision") != "allow":
        return back(state.deny2(wanted))
    if request.method == "POST":
        person = given.get("user", "")
    elif state.trial.auto_approve_user:
        person = state.trial.auto_approve_user
    elif not (person and state.approved_scope(person, wanted.scope)):
        asked = f"the scope {wanted.scope}"
        shown = person or next(iter(state.users), "")
        return page(200, pages.decision(state, request.path, dict(chosen), asked, shown))
    url = state.approve2(wanted, person)
    if url is None:
        return page(400, pages.something_went_wrong("there is no such user"))
    return back(url, cookie(request, person))


def back(url, *headers):
    """The browser goes back to the application."""
    return Reply(302, headers=[["Location", url], *headers, *NOT_KEPT])


def front(state, request, _verdict):
    """/: who is signed in here; signing out and taking approvals back."""
    person = signed_in(state, request)
    if request.method == "GET":
        return page(200, pages.front(state, person))
    if request.arguments().get("action") == "revoke":
        state.revoke(person)
        return Reply(303, headers=[["Location", "/"]])
    return Reply(303, headers=[["Location", "/"], cookie(request, "", "; Max-Age=0")])


def signed_in(state, request):
    """The id of the person at the browser, or an empty string."""
    try:
        morsel = SimpleCookie(request.header("Cookie")).get(COOKIE)
    except CookieError:
        return ""
    person = unquote(morsel.value) if morsel else ""
    return person if person in state.users else ""


def by_handle(state, handle):
    """The id of the person of that handle, or an empty string."""
    matches = (key for key, name in state.users.items() if name.lower() == (handle or "").lower())
    return next(matches, "")


def cookie(request, user_id, more=""):
    """The header that keeps the person, or with Max-Age=0 does not."""
    secure = "; Secure" if request.scheme == "https" else ""
    attributes = f"Path=/; HttpOnly; SameSite=Lax{secure}{more}"
    return ["Set-Cookie", f"{COOKIE}={quote(user_id)}; {attributes}"]


NOT_KEPT = [["Cache-Control", "no-store"], ["Referrer-Policy", "no-referrer"]]


def page(status, html):
    """A page of ours: not kept, not framed, without scripts."""
    policy = f"default-src 'none'; style-src '{pages.STYLE_HASH}'; frame-ancestors 'none'"
    return Reply(status, html.encode(), headers=[["Content-Security-Policy", policy], *NOT_KEPT])

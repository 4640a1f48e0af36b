# SPDX-License-Identifier: Apache-2.0
"""For other modules: a module in C and a handler of mod_lua learn who is signed in."""

import pytest

from harness import modules

pytestmark = [pytest.mark.protocols("oauth1"), pytest.mark.databases("sqlite")]
LUA = """
function handle(r)
    r.content_type = "text/plain"
    r:puts((r.user or "nobody") .. " " .. (r.subprocess_env["TWAUTH_ID"] or "-"))
    return apache2.OK
end
"""
PLACES = """
<Location "/members/c">
SetHandler identity
</Location>
<Location "/open/c">
SetHandler identity
</Location>
<Location "/pass/c">
AuthType Twitter
TwAuthUnauthenticated pass
Require all granted
SetHandler identity
</Location>
LuaMapHandler "^/(members|open)/lua$" "{lua}" handle
ErrorDocument 404 /members/c
"""


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, modules=("lua",))
    lua = site.folder / "handle.lua"
    lua.write_text(LUA)
    lua.chmod(0o644)
    site.vhost.config += PLACES.format(lua=lua)
    site.httpd.main = modules.load("identity") + site.httpd.main
    return site.start()


@pytest.fixture(scope="module")
def alice(site):
    browser = site.browser()
    browser.sign_in("alice")
    return browser


def test_a_module_in_c(site, alice):
    whole, account, username, number, handle, at, roles = alice.get("/members/c").text.split()
    row = site.db.rows("SELECT id, username, twitter_id, screen_name, signed_in_at FROM twauth_account")[0]
    assert (int(account), username, number, handle) == row[:4] and abs(int(at) - row[4]) <= 2
    assert whole == "1" and roles == "roles="
    site.db.execute("INSERT INTO twauth_role (account_id, role) VALUES (?, 'editor')", int(account))
    again = site.browser()
    again.sign_in("alice")
    assert again.get("/members/c").text.endswith(" roles=editor")
    site.db.execute("DELETE FROM twauth_role")


def test_a_handler_in_lua(alice):
    assert alice.get("/members/lua").text == "alice 1001"


def test_nobody(site, alice):
    """Without a session, and where nobody is asked: whoever has one is not told of it there."""
    assert site.browser().get("/pass/c").text == "nobody"
    assert alice.get("/pass/c").text.split()[2] == "alice"
    assert alice.get("/open/c").text == "nobody"
    assert alice.get("/open/lua").text == "nobody -"


def test_after_an_internal_redirect(alice):
    assert alice.get("/members/nothing-here").text.split()[2:5] == ["alice", "1001", "alice"]

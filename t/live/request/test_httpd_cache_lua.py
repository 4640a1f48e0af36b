# SPDX-License-Identifier: Apache-2.0
"""OU-1, OU-2 (S1): programs inside of httpd change headers of files, too: before there is an answer, and while it leaves."""

import pytest

pytestmark = pytest.mark.databases("sqlite")

LUA = """
function fixup(r)
    r.headers_out["Cache-Control"] = "public, max-age=600"
    r.headers_out["CDN-Cache-Control"] = "public, max-age=600"
    return apache2.DECLINED
end

function filter(r)
    r.headers_out["Cache-Control"] = "public, max-age=600"
    r.headers_out["CDN-Cache-Control"] = "public, max-age=600"
    coroutine.yield("")
    while bucket do
        coroutine.yield(bucket)
    end
    coroutine.yield("")
end
"""


@pytest.mark.parametrize("line", ["LuaHookFixups {script} fixup", "LuaOutputFilter LUA {script} filter\nSetOutputFilter LUA"])
def test_S1_headers_by_lua(make_site, line):
    site = make_site(start=False, modules=("lua",))
    script = site.folder / "change.lua"
    script.write_text(LUA)
    script.chmod(0o644)
    server, _, place = line.format(script=f'"{script}"').partition("\n")
    site.vhost.config += f'\n{server}\n<Location "/members/">\n{place}\n</Location>' if place else ""
    site.vhost.config += "" if place else f'\n<Location "/">\n{server}\n</Location>'
    site.start()
    alice = site.browser()
    alice.sign_in("alice")
    answer = alice.get("/members/")
    said = answer.headers.all("Cache-Control") + answer.headers.all("CDN-Cache-Control")
    assert answer.status == 200 and len(said) == 1 and "private" in said[0] and "public" not in said[0]

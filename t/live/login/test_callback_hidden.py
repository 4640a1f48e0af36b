# SPDX-License-Identifier: Apache-2.0
"""B7: no ErrorDocument sees the callback's URL, which holds a verifier or code, whoever refuses the request."""

import pytest

pytestmark = pytest.mark.protocols("oauth1", "oauth2")

SAYS = 'document <!--#printenv -->'
# another module: refuses with the status that a header names, in the phase that another one names
REFUSES = """
function refuse(r, phase)
    if r.headers_in["X-Phase"] == phase and r.uri ~= "/said.shtml" then
        return tonumber(r.headers_in["X-Status"])
    end
    return apache2.DECLINED
end
function early(r) return refuse(r, "early") end
function access(r) return refuse(r, "access") end
function late(r) return refuse(r, "late") end
"""
STATUSES = [400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424,
            426, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511]


@pytest.fixture(scope="module")
def site(make_site):
    documents = "\n".join(f"ErrorDocument {status} /said.shtml" for status in STATUSES)
    site = make_site(start=False, modules=("lua", "include"), config=documents, main="LimitRequestFieldSize 4000")
    file = site.httpd.folder / "refuses.lua"
    file.write_text(REFUSES)
    site.vhost.config += (f'\nLuaHookPreTranslateName "{file}" early\nLuaHookAccessChecker "{file}" access early\n'
                          f'LuaHookFixups "{file}" late')
    site.httpd.put("said.shtml", SAYS)
    site.httpd.main += f"""
        AddType text/html .shtml
        AddOutputFilter INCLUDES .shtml
        <Directory "{site.httpd.htdocs}">
        Options +Includes
        </Directory>"""
    return site.start()


def test_the_documents_are_there_for_other_pages(site, browser):
    for phase in ("early", "access", "late"):
        answer = browser.get("/?a=secret", headers={"X-Phase": phase, "X-Status": "429"})
        assert answer.status == 429 and answer.text.startswith("document") and "secret" in answer.text


@pytest.mark.parametrize("phase", ["early", "access", "late"])
def test_B7_whatever_the_status(site, browser, phase):
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    for status in STATUSES:
        answer = browser.get(url, site="cross-site", headers={"X-Phase": phase, "X-Status": str(status)})
        assert answer.status == status and "REDIRECT_" not in answer.text, answer
        assert flow.token not in answer.text + str(answer.headers)
    assert flow.arrive(url).status == 200       # and it is not used up


def test_B7_of_a_request_that_httpd_does_not_read(site, browser):
    url = browser.begin("/members/").callback("alice")
    answer = browser.get("/?a=secret", headers={"X-Long": "x" * 5000})
    assert answer.status == 400 and answer.text.startswith("document")
    answer = browser.get(url, site="cross-site", headers={"X-Long": "x" * 5000})
    assert answer.status == 400 and "REDIRECT_" not in answer.text

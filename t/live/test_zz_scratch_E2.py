import pytest, time
pytestmark = pytest.mark.databases("pgsql")
def test_pg(make_site):
    s = make_site()
    s.allow_log(".*")
    b = s.browser()
    t=time.time()
    try:
        r = b.sign_in("alice", next="/members/env.cgi")
        print(r.status, r.body[:200])
    except Exception as e: print("EXC", repr(e)[:300])
    print("took", time.time()-t)
    for p in s.httpd.children():
        print(p, [l.strip() for l in open(f"/proc/{p}/status") if l.startswith("VmRSS")])
    print(open(s.httpd.folder/"error.log").read()[-1500:])

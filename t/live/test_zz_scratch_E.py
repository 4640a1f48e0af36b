import time, threading, socket, pytest, os

def log(site): return open(site.httpd.folder/"error.log").read()

@pytest.fixture
def site(make_site):
    s = make_site(config='ErrorDocument 400 /cgi-bin/env\nErrorDocument 401 /cgi-bin/env\n<Location "/zero/">\nAuthType Twitter\nRequire valid-user\nTwAuthSessionRecheck 0\n</Location>')
    s.httpd.put("zero/index.html","zero")
    s.allow_log(".*")
    return s

def test_overflow(site, browser):
    pids = site.httpd.children()
    for n in (1, 2000, 2600, 2600, 2600):
        b = site.browser()
        try:
            r = b.raw(b"GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\nCookie: __Host-twauth_pre=x" + b";a"*n + b"\r\n\r\n", url=site.url("/"))
            print(n, r.status)
        except Exception as e:
            print(n, "EXC", repr(e))
    time.sleep(.5)
    print("children before", pids, "after", site.httpd.children())
    print([l for l in log(site).splitlines() if "AH00051" in l or "AH00052" in l or "signal" in l])

def test_loop(site, browser):
    browser.sign_in("alice", next="/zero/")
    site.db.execute("DELETE FROM twauth_session")
    u="/zero/"; seen=[]
    for i in range(8):
        r = browser.get(u); seen.append((r.status, r.location)); 
        if not r.location: break
        u = r.location
    print(seen)

def test_early400(site, browser):
    r = browser.raw(b"GET /x HTTP/1.1\r\nX-Twauth-User: admin\r\nCookie: __Host-twauth=secretcookie; a=b\r\n\r\n", url=site.url("/"))
    print(r.status, r.body.decode()[:3000])

def test_callback_leak(site, browser):
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    r = browser.get(url, mode="no-cors", dest="image")
    print(r.status, [l for l in r.body.decode().split(",") if "verifier" in l])
    r = browser.post(url)
    print(r.status)

def test_db_probe(site, browser):
    other = site.browser()
    other.sign_in("bob")
    flow = browser.begin("/members/")
    url = flow.callback("alice")
    with site.db.away():
        other.get("/zero/")
        print("zero", other.get("/zero/").status)
    time.sleep(1.3)
    r = browser.get(url, site="cross-site")
    print("callback after the database is back:", r.status, r.location, r.body.decode()[-500:])
    time.sleep(1.3)
    r = browser.get(url, site="cross-site"); print("again", r.status)

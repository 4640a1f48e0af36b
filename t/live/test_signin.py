def test_first(site, browser):
    r = browser.sign_in("alice", next="/members/env.cgi?x=1")
    assert r.status == 200, r.body
    assert r.json()["REMOTE_USER"] == "alice"
    print(r.json())
    print(site.db.rows("SELECT * FROM twauth_account"), site.db.rows("select * from twauth_session"))
    print(r.history)
    print(site.httpd.dump().stdout)

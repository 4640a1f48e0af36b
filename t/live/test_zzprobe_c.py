import shutil, pytest
from concurrent.futures import ThreadPoolExecutor
from harness.httpd import Httpd
@pytest.mark.parametrize("round", range(14))
def test_p(make_site, round):
    site = make_site(config="TwAuthProviderCalls 64")
    for _ in range(4 if round % 2 else 0): site.graceful()
    people = [str(2000 + n) for n in range(20)]
    site.standin.set(users=[{"id": number, "screen_name": f"user{number}"} for number in people])
    def one(number):
        b = site.browser(); a = b.sign_in(number, next="/members/env.cgi"); return a.status
    with ThreadPoolExecutor(20) as pool: r = list(pool.map(one, people))
    assert set(r) == {200}
    site.stop()
    import time; time.sleep(.1)
    text = site.log.since()
    if "exit signal" in text:
        print("SEGV in round", round)
        for c in site.httpd.cores.iterdir():
            shutil.copy(c, f"/tmp/hC/core{round}")
            print("core", c)

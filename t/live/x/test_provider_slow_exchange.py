# SPDX-License-Identifier: Apache-2.0
"""X is slow or gone when a sign-in comes back: the calls of the exchange share one limit, whatever the protocol."""

import pytest

from harness.checks import SLACK
from harness.process import until

pytestmark = pytest.mark.protocols("oauth1", "oauth2")
LIMIT = 2.0


@pytest.fixture(scope="module")
def site(make_site):
    return make_site(config=f"TwAuthProviderTimeout {LIMIT:.0f}s")


@pytest.fixture(autouse=True)
def well_again(site):
    site.standin.reset()
    site.allow_log("TW020[1-4]")
    yield
    site.standin.clear_faults()
    site.allow_log("TW020[1-4]")


def came_back(site):
    """A browser that X has sent back, and the callback it is to load."""
    flow = site.browser().begin("/members/")
    return flow, flow.callback("alice")


def test_PR_1_each_call_can_be_the_slow_one(site):
    for path in site.finish_paths:
        flow, url = came_back(site)
        site.standin.fault(path, "hang", at="accept")
        answer = flow.arrive(url)
        assert answer.status == 504 and "X is slow" in answer.text
        assert LIMIT - .3 < answer.elapsed < LIMIT + SLACK
        site.standin.clear_faults()


def test_PR_1_all_calls_together_keep_the_limit(site):
    flow, url = came_back(site)
    for path in site.finish_paths:
        site.standin.fault(path, "delay", seconds=1.2 * LIMIT / len(site.finish_paths))
    answer = flow.arrive(url)
    assert answer.status == 504 and answer.elapsed < LIMIT + SLACK


def test_PR_11_breaker_opens_at_the_callback_and_what_it_holds_off_is_not_spent(site):
    for _ in range(5):          # who takes longer than the breaker waits is let through
        assert until(lambda: site.browser().sign_in("bob").status == 200, every=.1)     # what failed before is forgotten
        waiting = [came_back(site) for _ in range(6)]
        site.standin.fault(site.exchange_path, "status", times=None, status=503)
        for flow, url in waiting[:5]:
            assert flow.arrive(url).status == 502
        flow, url = waiting[5]
        answer = flow.arrive(url)
        if answer.status == 503:
            break
        site.standin.clear_faults()
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0
    site.standin.clear_faults()
    assert until(lambda: flow.arrive(url).status == 200, timeout=2 + SLACK, every=.1)

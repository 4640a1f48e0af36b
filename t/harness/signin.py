# SPDX-License-Identifier: Apache-2.0
"""A sign-in, step by step.

    flow = browser.begin("/members/")       the browser stands at X's page now
    flow.token                              the request token (OAuth 2.0: the state)
    url = flow.callback("alice")            alice said yes; the callback is not loaded yet (no: flow.cancelled())
    response = flow.arrive(url)             load it, with the redirects after it
    response = flow.approve("alice")        the last two together
    response = flow.deny()                  alice said no
"""

from urllib.parse import parse_qs

from . import urls


class Flow:
    def __init__(self, browser, response):
        """Goes on from `response` along the redirects, until X's page."""
        self.browser = browser
        self.provider = browser.provider
        self.steps = [response]
        while response.location and not self.provider.owns(response.location):
            if len(self.steps) > 6:
                raise AssertionError("no way to X:\n" + "\n".join(r.url for r in self.steps))
            response = browser.get(response.location)
            self.steps.append(response)
        assert response.location, f"no redirect to X:\n{response}"
        assert not browser.cookies.rejected, f"cookies a browser refuses: {browser.cookies.rejected}"
        self.authorize_url = response.location
        query = parse_qs(urls.parse(self.authorize_url).target.partition("?")[2])
        self.query = {name: values[0] for name, values in query.items()}
        self.token = self.query.get("oauth_token") or self.query.get("state")
        self.protocol = "oauth2" if "state" in self.query else "oauth1"

    def visit(self):
        """Load X's page."""
        return self.browser.get(self.authorize_url, site="cross-site")

    def callback(self, user="alice"):
        """The user says yes: the callback address with its verifier or code."""
        return self.provider.approve(self.authorize_url, user)

    def cancelled(self):
        """The user says no: the callback address that tells so."""
        return self.provider.deny(self.authorize_url)

    def arrive(self, url, follow=True):
        """The browser comes back from X."""
        response = self.browser.get(url, site="cross-site", follow=follow)
        assert not self.browser.cookies.rejected, f"cookies a browser refuses: {self.browser.cookies.rejected}"
        return response

    def approve(self, user="alice"):
        return self.arrive(self.callback(user))

    def deny(self):
        return self.arrive(self.cancelled())

# SPDX-License-Identifier: Apache-2.0
"""mod_twauth, on PostgreSQL."""

from harness import process

from . import USER, Side, Visitor


class Twauth(Side):
    key, what = "twauth", "mod_twauth"
    more = ""

    def make(self):
        self.site = self.world.make_site(start=False, scheme="http", db=self.world.database(), protected="")
        self.site.httpd.cgi = False                     # the other sides have none either
        self.site.vhost.root = self.world.pages
        self.site.vhost.config += f"""
{self.world.grant}
<Location "/members/">
AuthType Twitter
Require valid-user
{self.more}
</Location>
"""
        return self.site.httpd

    def pids(self):
        return super().pids() + process.tree(self.world.postgres.pid)

    def browser(self):
        return self.site.browser()

    def sign_in(self, browser, refused):
        browser.sign_in(USER, next=self.url)
        return Visitor(browser)


class Headers(Twauth):
    key, what = "twauth-headers", "mod_twauth, headers too"
    more = "TwAuthExport env headers"


class Recheck(Twauth):
    key, what = "twauth-recheck", "mod_twauth, asking PostgreSQL each time"
    more = "TwAuthSessionRecheck 0"

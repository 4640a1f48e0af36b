# SPDX-License-Identifier: Apache-2.0
"""What comes with httpd: an open page, and users in a password file by mod_auth_basic and mod_auth_form."""

import base64
import hashlib

from . import PASSWORD, USER, Side, Visitor


class Open(Side):
    """What the others are compared with: nobody needs to sign in."""

    key, what = "open", "open page"
    url = "/open/page.html"

    def make(self):
        return self.serve('<Location "/members/">\n</Location>')

    def visit(self):
        return Visitor(self.browser(), self.url)


class _PasswordFile(Side):
    def users(self):
        """A file as `htpasswd -s` makes it."""
        file = self.world.folder / "users"
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
        file.write_text(f"{USER}:{{SHA}}{digest}\n")
        file.chmod(0o644)
        return file


class Basic(_PasswordFile):
    key, what = "basic", "mod_auth_basic, SHA-1 file"
    provider = "file"

    def make(self):
        return self.serve(f"""
<Location "/members/">
AuthType Basic
AuthName members
AuthBasicProvider {self.provider}
{self.cache()}
AuthUserFile "{self.users()}"
Require valid-user
</Location>
""", "auth_basic", "authn_file", "authn_socache", "socache_shmcb")

    def cache(self):
        return ""

    def sign_in(self, browser, refused):
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return Visitor(browser, more={"Authorization": f"Basic {token}"})


class BasicCache(Basic):
    key, what = "basic-cache", "mod_auth_basic, mod_authn_socache"
    provider = "socache file"

    def cache(self):
        return "AuthnCacheProvideFor file"


class Form(_PasswordFile):
    key, what = "form", "mod_auth_form, mod_session_crypto"
    slow = True

    def make(self):
        session = f"""
AuthFormProvider file
AuthUserFile "{self.users()}"
AuthType form
AuthName members
Session On
SessionCookieName session path=/
SessionCryptoPassphrase passphrase-of-the-benchmark
"""
        return self.serve(f"""
<Location "/members/">
{session}
AuthFormLoginRequiredLocation "/signin.html"
Require valid-user
</Location>
<Location "/signin">
SetHandler form-login-handler
{session}
AuthFormLoginRequiredLocation "/signin.html"
AuthFormLoginSuccessLocation "{self.url}"
Require all granted
</Location>
""", "auth_form", "authn_file", "request", "session", "session_cookie", "session_crypto")

    def sign_in(self, browser, refused):
        browser.post("/signin", {"httpd_username": USER, "httpd_password": PASSWORD})
        return Visitor(browser)

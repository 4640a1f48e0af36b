# SPDX-License-Identifier: Apache-2.0
"""mod_auth_openidc, Debian's, with its own settings but for addresses and credentials."""

from ..provider import CLIENT_ID, CLIENT_SECRET, Provider
from . import Side, Visitor


class ServerCache(Side):
    key, what = "openidc-cache", "mod_auth_openidc, server cache"
    session_type = "server-cache"

    def make(self):
        return self.serve(f"""
OIDCProviderMetadataURL {self.world.provider.issuer}/.well-known/openid-configuration
OIDCClientID {CLIENT_ID}
OIDCClientSecret {CLIENT_SECRET}
OIDCRedirectURI {{origin}}/members/redirect_uri
OIDCCryptoPassphrase passphrase-of-the-benchmark
OIDCCABundlePath {self.world.authority.ca}
OIDCRemoteUserClaim preferred_username
OIDCScope "openid profile"
OIDCSessionType {self.session_type}
<Location "/members/">
AuthType openid-connect
Require valid-user
</Location>
""", "auth_openidc")

    def sign_in(self, browser, refused):
        answer = browser.get(refused.location, follow=True)
        assert answer.status == 200, str(answer)
        return Visitor(browser)


class ClientCookie(ServerCache):
    key, what = "openidc-cookie", "mod_auth_openidc, client cookie"
    session_type = "client-cookie"

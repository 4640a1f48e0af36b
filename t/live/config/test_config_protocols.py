# SPDX-License-Identifier: Apache-2.0
"""Which protocol a host speaks: by its credentials, and by a directive only where it has both."""

import pytest

from harness.httpd import VHost
from harness.site import CLIENT_ID


def test_both_credentials_want_a_word(make_site):
    ran = make_site(start=False, db=False, protocol="both").httpd.check()
    assert not ran and "TwAuthProtocol" in ran.stderr


@pytest.mark.parametrize("word", ["oauth1", "oauth2"])
def test_the_word_decides(make_site, word):
    site = make_site(start=False, protocol="both", config=f"TwAuthProtocol {word}")
    assert f"Protocol:      {word}" in site.httpd.dump()


def test_own_credentials_count_before_the_main_server_s(make_site):
    """The main server speaks OAuth 1.0a; a host with a client id of its own speaks OAuth 2.0, as a public client."""
    site = make_site(start=False)
    site.httpd.main += f'\nTwAuthConsumerKey main-key-of-tests\nTwAuthConsumerSecret "file:{site.folder}/secret"'
    site.httpd.main += f'\nTwAuthKey "file:{site.key}"'
    host = VHost("two.site.test", config=f"TwAuthClientID {CLIENT_ID}")
    site.httpd.vhosts.append(host)
    said = site.httpd.dump()
    assert "Protocol:      oauth1" in said
    assert "Protocol:      oauth2" in said and "a public client" in said

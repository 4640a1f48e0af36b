# SPDX-License-Identifier: Apache-2.0
"""OU-2, AC-8 (S1): what has left, has left, over HTTP/2 too: nothing that is somebody's own follows an unmarked beginning."""

import pytest

from harness.site import CANARY

pytestmark = [pytest.mark.databases("sqlite"), pytest.mark.mpms("event")]


@pytest.fixture(scope="module")
def site(make_site):
    site = make_site(start=False, modules=("http2", "cache", "cache_disk", "autoindex", "include"), config="""
        Protocols h2 http/1.1
        CacheEnable disk "/"
        CacheDefaultExpire 3600
        CacheIgnoreNoLastMod On
        CacheIgnoreCacheControl On""")
    (site.folder / "cache").mkdir()
    (site.folder / "cache").chmod(0o777)
    site.vhost.config += f'\nCacheRoot "{site.folder}/cache"'
    site.httpd.put("list/HEADER.html", "<p>head</p>" + "x" * 100_000)
    site.httpd.put("list/secret-name.txt", CANARY)
    site.httpd.main += f"""
        <Directory "{site.httpd.htdocs}/list">
        Options +Indexes
        DirectoryIndex disabled
        HeaderName HEADER.html
        </Directory>
        <FilesMatch "^secret-name.txt$">
        AuthType Twitter
        Require valid-user
        </FilesMatch>"""
    return site.start()


@pytest.mark.parametrize("http2", [True, False])
def test_S1_a_listing_whose_head_has_left(site, http2):
    alice = site.browser(http2=http2)
    alice.sign_in("alice")
    url = f"/list/?{http2}"
    answer = alice.get(url)
    print(answer.status, str(answer.headers), "secret-name" in answer.text)
    stranger = site.browser(http2=http2)
    assert "secret-name" not in stranger.get(url).text
    assert "private" in answer.headers.get("Cache-Control", "") or "secret-name" not in answer.text

"""The connection to X: verified always, by no rule but the configuration's."""

import datetime
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from harness import certs
from harness.process import until

pytestmark = pytest.mark.protocols("oauth1", "oauth2")


def call_x(site):
    """A sign-in as far as the first call to X: the last answer."""
    if site.start_path:
        return site.browser().get("/members/", follow=True)
    return site.browser().begin("/members/").approve("alice")


class Listener:
    """A TLS server that keeps what it is sent after the handshake."""

    def __init__(self, certificate, highest=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate.cert, certificate.key)
        if highest:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = highest
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections, self.received = 0, b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with self.context.wrap_socket(raw, server_side=True) as sock:
                    sock.settimeout(1)
                    self.received += sock.recv(65536)
            except OSError:
                raw.close()

    def close(self):
        self.socket.close()


def expired(authority, folder):
    good = authority.issue("expired", ["127.0.0.1"])
    parsed = x509.load_pem_x509_certificate(good.cert.read_bytes())
    builder = (x509.CertificateBuilder().subject_name(parsed.subject).issuer_name(parsed.issuer).public_key(parsed.public_key())
               .serial_number(1).not_valid_before(datetime.datetime(2001, 1, 1)).not_valid_after(datetime.datetime(2002, 1, 1)))
    for extension in parsed.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    from cryptography.hazmat.primitives.serialization import Encoding
    good.cert.write_bytes(builder.sign(authority._key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return good


def stranger(authority, folder):
    (folder / "stranger").mkdir()
    return certs.Authority(folder / "stranger").server


CASES = {
    "unknown authority": (stranger, None),
    "expired": (expired, None),
    "another name": (lambda authority, folder: authority.issue("another", ["x.test"]), None),
    "TLS 1.1": (lambda authority, folder: authority.server, ssl.TLSVersion.TLSv1_1),
}


@pytest.mark.parametrize("case", CASES)
def test_PR_9_bad_connections_get_nothing(make_site, authority, tmp_path, case):
    make, highest = CASES[case]
    listener = Listener(make(authority, tmp_path), highest)
    site = make_site(start=False)
    site.vhost.config = site.vhost.config.replace(site.standin.api(), f"https://127.0.0.1:{listener.port}")
    site.start()
    site.expect_log("TW0204")
    answer = call_x(site)
    assert answer.status == 502 and listener.connections >= 1
    assert listener.received == b""
    listener.close()


def test_PR_9_the_same_with_a_good_certificate_would_be_heard(make_site, authority):
    listener = Listener(authority.server)
    site = make_site(start=False)
    site.vhost.config = site.vhost.config.replace(site.standin.api(), f"https://127.0.0.1:{listener.port}")
    site.start()
    site.expect_log("TW0204")
    assert call_x(site).status == 502
    assert until(lambda: (b"Authorization: OAuth" if site.start_path else b"Authorization: Basic") in listener.received)
    listener.close()


def test_PR_9_plain_http_is_refused(make_site):
    site = make_site(start=False)
    site.vhost.config = site.vhost.config.replace(site.standin.api(), site.standin.api("http"))
    checked = site.httpd.check()
    assert not checked and "TwAuthProvider" in checked.stderr


def test_PR_10_the_environment_changes_nothing(make_site, tmp_path):
    trap = socket.create_server(("127.0.0.1", 0))
    trap.settimeout(0.05)
    proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
    out = tmp_path / "out"
    out.mkdir()
    tmp_path.chmod(0o777)
    out.chmod(0o777)
    for parent in tmp_path.parents:
        if str(parent) not in ("/", "/tmp"):
            parent.chmod(0o755)
    env = {name: proxy for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
    env |= {"CURL_CA_BUNDLE": "/nonexistent", "SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent",
            "NO_PROXY": "",
            "CURLOPT_TIMEOUT": "1", "OAUTH_HTTP_PROXY": proxy, "OAUTH_HTTP_CMD": f"touch {out}/command",
            "OAUTH_HTTP_GET_CMD": f"touch {out}/get",
            "OAUTH_HTTP_CMDL": f"touch {out}/l", "CURLOPT_PROXYAUTH": "1", "CURLOPT_SSL_VERIFYPEER": "0",
            "CURLOPT_CAINFO": "/nonexistent",
            "CURLOPT_FOLLOWLOCATION": "1", "HOME": str(tmp_path), "CURL_HOME": str(tmp_path)}
    (tmp_path / ".netrc").write_text("default login a password b\n")
    (tmp_path / ".curlrc").write_text("insecure\n")
    site = make_site(env=env)
    assert site.browser().sign_in("alice").status == 200
    with pytest.raises(TimeoutError):
        trap.accept()
    trap.close()
    assert list(out.iterdir()) == []


def test_PR_10_no_keys_are_logged(make_site, folder, protocol):
    """A site over http, for mod_ssl looks at this variable too."""
    out = folder / f"keylog-{protocol}"
    out.mkdir()
    out.chmod(0o777)
    site = make_site(scheme="http", start=False, env={"SSLKEYLOGFILE": f"{out}/keys"})
    site.vhost.config = site.vhost.config.replace(site.standin.api("http"), site.standin.api())
    site.vhost.config += f'\nTwAuthProviderCAFile "{site.authority.ca}"'
    site.start()
    assert site.browser().sign_in("alice").status == 200
    assert list(out.iterdir()) == []


def test_PR_10_a_proxy_is_used_where_it_is_configured(make_site):
    trap = socket.create_server(("127.0.0.1", 0))
    trap.settimeout(3)
    site = make_site(config=f"TwAuthProviderProxy http://127.0.0.1:{trap.getsockname()[1]}\nTwAuthProviderTimeout 1s")
    site.expect_log("TW0204")
    thread = threading.Thread(target=lambda: call_x(site))
    thread.start()
    connection, _ = trap.accept()
    assert connection.recv(1000).startswith(b"CONNECT 127.0.0.1:")
    connection.close()
    trap.close()
    thread.join()

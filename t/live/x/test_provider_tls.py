# SPDX-License-Identifier: Apache-2.0
"""The connection to X: verified always, by no rule but the configuration's."""

import datetime
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness import certs, process
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
        self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.load_cert_chain(certificate.cert, certificate.key)
        if highest:
            self.context.minimum_version = ssl.TLSVersion.TLSv1
            self.context.maximum_version = highest
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections, self.received = 0, b""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                raw, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            try:
                with self.context.wrap_socket(raw, server_side=True) as sock:
                    sock.settimeout(30)
                    self.received += sock.recv(65536)
            except OSError:
                raw.close()

    def close(self):
        """All that was sent is known afterwards."""
        self.socket.shutdown(socket.SHUT_RDWR)      # a thread that waits there would wait on, for whoever has its number next
        self.thread.join(60)
        self.socket.close()


def issued(name, *, names=("127.0.0.1",), subject="127.0.0.1", usage=ExtendedKeyUsageOID.SERVER_AUTH,
           years=(2001, 2119),
           key=None, by=None):
    """A certificate for 127.0.0.1 with something else about it. by: "itself", or a server's certificate."""
    def make(authority, folder):
        own = key() if key else ec.generate_private_key(ec.SECP256R1())
        good = authority.issue("a-good-one", ["127.0.0.1"])
        issuer, signer = authority._name, authority._key
        if by == "itself":
            issuer, signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]), own
        elif by == "a server":
            issuer = x509.load_pem_x509_certificate(good.cert.read_bytes()).subject
            signer = serialization.load_pem_private_key(good.key.read_bytes(), None)
        builder = (x509.CertificateBuilder().issuer_name(issuer).public_key(own.public_key()).serial_number(7)
                   .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
                   .not_valid_before(datetime.datetime(years[0], 1, 1)).not_valid_after(datetime.datetime(years[1], 1,
                                                                                                          1))
                   .add_extension(x509.ExtendedKeyUsage([usage]), False))
        if names:
            builder = builder.add_extension(certs._names(names), False)
        cert, file = folder / f"{name}.pem", folder / f"{name}.key"
        chain = good.cert.read_bytes() if by == "a server" else b""
        cert.write_bytes(builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + chain)
        file.write_bytes(certs._pem_key(own))
        return certs.Certificate(cert, file, None)
    return make


def stranger(authority, folder):
    (folder / "stranger").mkdir()
    return certs.Authority(folder / "stranger").server


CASES = {
    "unknown authority": (stranger, None),
    "expired": (issued("expired", years=(2001, 2002)), None),
    "not yet valid": (issued("early", years=(2110, 2119)), None),
    "another name": (issued("name", names=["x.test"]), None),
    "another address": (issued("address", names=["127.0.0.2", "::1"]), None),
    "address as a name": (issued("text", names=["127.0.0.1.x.test"]), None),
    "signed by itself": (issued("self", by="itself"), None),
    "signed by a server": (issued("server", by="a server"), None),
    "for clients": (issued("clients", usage=ExtendedKeyUsageOID.CLIENT_AUTH), None),
    "1,024 bits": (issued("bits", key=lambda: rsa.generate_private_key(65537, 1024)), None),
    "TLS 1.0": (lambda authority, folder: authority.server, ssl.TLSVersion.TLSv1),
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
    listener.close()
    assert answer.status == 502 and listener.connections >= 1
    assert listener.received == b""


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


def test_PR_10_the_environment_changes_nothing(make_site):
    home = process.folder()
    trap = socket.create_server(("127.0.0.1", 0))
    trap.settimeout(0.05)
    proxy = f"http://127.0.0.1:{trap.getsockname()[1]}"
    out = home / "out"
    out.mkdir()
    home.chmod(0o777)
    out.chmod(0o777)
    env = {name: proxy for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy")}
    env |= {"CURL_CA_BUNDLE": "/nonexistent", "SSL_CERT_FILE": "/nonexistent", "SSL_CERT_DIR": "/nonexistent",
            "NO_PROXY": "",
            "CURLOPT_TIMEOUT": "1", "OAUTH_HTTP_PROXY": proxy, "OAUTH_HTTP_CMD": f"touch {out}/command",
            "OAUTH_HTTP_GET_CMD": f"touch {out}/get",
            "OAUTH_HTTP_CMDL": f"touch {out}/l", "CURLOPT_PROXYAUTH": "1", "CURLOPT_SSL_VERIFYPEER": "0",
            "CURLOPT_CAINFO": "/nonexistent",
            "CURLOPT_FOLLOWLOCATION": "1", "XDG_CONFIG_HOME": str(home), "NETRC": str(home / ".netrc"),
            "CURL_SSL_BACKEND": "nss", "HOSTALIASES": str(home / "aliases"), "LOCALDOMAIN": "evil.example",
            "RES_OPTIONS": "ndots:9", "HOME": str(home), "CURL_HOME": str(home)}
    (home / ".netrc").write_text("default login a password b\n")
    (home / "aliases").write_text("localhost evil.example\n")
    (home / ".curlrc").write_text("insecure\n")
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
    trap.settimeout(60)
    site = make_site(config=f"TwAuthProviderProxy http://127.0.0.1:{trap.getsockname()[1]}\nTwAuthProviderTimeout 1s")
    site.expect_log("TW0204")
    thread = threading.Thread(target=lambda: call_x(site))
    thread.start()
    connection, _ = trap.accept()
    assert connection.recv(1000).startswith(b"CONNECT 127.0.0.1:")
    connection.close()
    trap.close()
    thread.join()

# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for one test run. Valid long enough for any clock a test may set."""

import base64
import datetime
import hashlib
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("site.test", "*.site.test", "other.test", "*.other.test", "third.test", "*.third.test", "x.test", "*.x.test",
         "localhost", "127.0.0.1", "::1")
_FROM = datetime.datetime(2000, 1, 1)
_TO = datetime.datetime(2120, 1, 1)


def _names(names):
    def general(name):
        try:
            return x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            return x509.DNSName(name)
    return x509.SubjectAlternativeName([general(n) for n in names])


def _pem_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Certificate:
    """`cert` and `key` are files; `spki` is what Chromium wants to know a key by."""

    def __init__(self, cert, key, spki):
        self.cert, self.key, self.spki = cert, key, spki


class Authority:
    """`ca` is the file clients trust; `server` is a certificate for every name the tests use."""

    def __init__(self, folder):
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        self._cert = self._sign(self._name, self._key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)])
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(self._cert.public_bytes(serialization.Encoding.PEM))
        self.server = self.issue("server", NAMES)

    def _sign(self, subject, public, extensions):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(_FROM).not_valid_after(_TO))
        own = self._key.public_key()
        extensions = extensions + [(x509.SubjectKeyIdentifier.from_public_key(public), False),
                                   (x509.AuthorityKeyIdentifier.from_issuer_public_key(own), False)]
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, name, names):
        """A new server certificate for `names`, in the files NAME.pem and NAME.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), key.public_key(), [
            (x509.BasicConstraints(ca=False, path_length=None), True), (_names(names), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)])
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        key_file.write_bytes(_pem_key(key))
        key_file.chmod(0o600)
        spki = key.public_key().public_bytes(serialization.Encoding.DER,
                                             serialization.PublicFormat.SubjectPublicKeyInfo)
        return Certificate(cert_file, key_file, base64.b64encode(hashlib.sha256(spki).digest()).decode())

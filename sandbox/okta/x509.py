"""An app's signing certificate, made anew on each reading, always the same."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from sandbox.okta.clock import parse, stamp
from sandbox.okta.keys import rsa_key
from sandbox.okta.model import App

_YEARS = 10


@dataclass(frozen=True)
class Certificate:
    """What Okta shows of a certificate."""

    der: bytes
    modulus: int
    exponent: int
    expires: str

    @property
    def base64(self) -> str:
        """The DER bytes as ``x5c`` and metadata carry them."""
        return base64.b64encode(self.der).decode()

    @property
    def thumbprint(self) -> str:
        """``x5t#S256``."""
        return _url(hashlib.sha256(self.der).digest())


def key_id(app: App) -> str:
    """The app's ``kid``."""
    return _url(hashlib.sha256(f"kid:{app.id}".encode()).digest())


def certificate(app: App, seed: str) -> Certificate:
    """The self-signed certificate of an app; ``seed`` is the sandbox's secret."""
    key = rsa_key(f"saml:{seed}")
    start = parse(app.created)
    end = datetime(start.year + _YEARS, start.month, min(start.day, 28), tzinfo=start.tzinfo)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Okta"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "SSOProvider"),
            x509.NameAttribute(NameOID.COMMON_NAME, "example"),
        ]
    )
    serial = int.from_bytes(hashlib.sha256(app.id.encode()).digest()[:8], "big") | 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(end)
    )
    signed = builder.sign(key, hashes.SHA256())
    public = key.public_key().public_numbers()
    der = signed.public_bytes(serialization.Encoding.DER)
    return Certificate(der, public.n, public.e, stamp(end))


def jwk_number(number: int) -> str:
    """A number as a JSON Web Key holds it."""
    return _url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

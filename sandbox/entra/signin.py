"""Test material to sign in with: a client certificate and an OIDC issuer, made once a process.

Nothing here is a secret of anybody: it exists on loopback only and is shown by the admin API.
"""

import base64
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

OIDC_ISSUER = "https://token.actions.githubusercontent.com"
OIDC_SUBJECT = "repo:example/cloudflare-scim:environment:production"
OIDC_AUDIENCE = "api://AzureADTokenExchange"
_LIFETIME_SECONDS = 600
_lock = threading.Lock()
_made: "SigninMaterial | None" = None


@dataclass(frozen=True)
class SigninMaterial:
    """The registered certificate and the registered federated identity's key."""

    client_key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    issuer_key: rsa.RSAPrivateKey
    oidc_request_token: str
    identity_header: str
    pfx_password: str

    @property
    def key_pem(self) -> str:
        """The certificate's private key."""
        return self.client_key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @property
    def certificate_pem(self) -> str:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def pfx(self) -> str:
        """Certificate and key as PKCS#12 in base64, as the azuread provider takes it."""
        encryption = serialization.BestAvailableEncryption(self.pfx_password.encode())
        bundle = pkcs12.serialize_key_and_certificates(
            b"sandbox", self.client_key, self.certificate, None, encryption
        )
        return base64.b64encode(bundle).decode()

    def oidc_token(self, subject: str = OIDC_SUBJECT, audience: str = OIDC_AUDIENCE) -> str:
        """A token of the registered issuer, as a workflow would fetch it."""
        issued = int(time.time())
        claims = {
            "iss": OIDC_ISSUER,
            "sub": subject,
            "aud": audience,
            "jti": str(uuid.uuid4()),
            "iat": issued,
            "nbf": issued,
            "exp": issued + _LIFETIME_SECONDS,
        }
        return jwt.encode(claims, self.issuer_key, algorithm="RS256", headers={"kid": "sandbox"})


def material() -> SigninMaterial:
    """The process's material, made on first use."""
    global _made
    with _lock:
        if _made is None:
            _made = _make()
        return _made


def _make() -> SigninMaterial:
    client_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cloudflare-scim sandbox")])
    start = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(client_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=2))
        .sign(client_key, hashes.SHA256())
    )
    return SigninMaterial(
        client_key=client_key,
        certificate=certificate,
        issuer_key=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        oidc_request_token=uuid.uuid4().hex,
        identity_header=uuid.uuid4().hex,
        pfx_password=uuid.uuid4().hex,
    )

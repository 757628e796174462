"""The sandbox's certificate authority and TLS, and the one key with which its vendors sign."""

import os
import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

HOST, LOCALHOST = "127.0.0.1", "localhost"
"""Where the sandbox is, and nowhere else."""
KEY_PEM, _mark, _certificate = (
    Path(__file__).with_name("sandbox.pem").read_text().partition("-----BEGIN CERTIFICATE")
)
CERTIFICATE_PEM = _mark + _certificate
"""The sandbox's one key (PKCS#8) and its certificate: public, good for nothing but a sandbox."""


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """That key, for clients' assertions, for tokens and for SAML."""
    key = load_pem_private_key(KEY_PEM.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@cache
def signing_certificate() -> x509.Certificate:
    """Its certificate."""
    return x509.load_pem_x509_certificate(CERTIFICATE_PEM.encode())


class AuthorityError(Exception):
    """The stored certificate authority cannot be read; the text is one line."""


@dataclass(frozen=True)
class Tls:
    """``bundle``: our CA plus the system's, so that SSL_CERT_FILE does not cut off the rest."""

    bundle: Path
    server_context: ssl.SSLContext


def prepare(directory: Path) -> Tls:
    """Make, or load from ``directory``, the CA; issue a certificate for loopback.

    Raises AuthorityError.
    """
    certificate, key = directory / "ca.pem", directory / "ca-key.pem"
    if certificate.exists() and key.exists():
        try:
            authority = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
        except ValueError as error:
            raise AuthorityError(
                f"{certificate}: not the certificate authority of this sandbox: it cannot be "
                "resumed; delete it and ca-key.pem to have a new one"
            ) from error
    else:
        authority = trustme.CA()
        write_private(key, authority.private_key_pem.bytes())
        write_private(certificate, authority.cert_pem.bytes())
    bundle = directory / "ca-bundle.pem"
    write_private(bundle, authority.cert_pem.bytes() + b"\n" + _system_certificates())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, LOCALHOST).configure_cert(context)
    return Tls(bundle, context)


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(draft, path)


def _system_certificates() -> bytes:
    # Not SSL_CERT_FILE: inside another sandbox's environment that is the other sandbox's CA.
    system = ssl.get_default_verify_paths().openssl_cafile
    try:
        return Path(system).read_bytes() if system else b""
    except OSError:
        return b""

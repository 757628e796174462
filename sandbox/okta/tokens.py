"""JSON Web Tokens: the client assertion that comes in, the access token that goes out."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ACCESS_TOKEN_SECONDS = 3600
Claims = Mapping[str, object]


class TokenError(Exception):
    """The token is not one, or not ours, or over; the text says which."""


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def issue(secret: str, client_id: str, scopes: list[str], issuer: str) -> str:
    """A signed access token for these scopes, good for an hour."""
    moment = int(time.time())
    claims = {
        "ver": 1, "iss": issuer, "aud": issuer, "sub": client_id, "cid": client_id,
        "iat": moment, "exp": moment + ACCESS_TOKEN_SECONDS, "scp": scopes,
    }  # fmt: skip
    head = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims))
    return f"{head}.{_mac(secret, head)}"


def scopes_of(token: str, secret: str) -> tuple[str, ...]:
    """The scopes of one of our access tokens. Raises TokenError."""
    head, _, signature = token.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _mac(secret, head).encode()):
        raise TokenError("the access token is not one of this organisation")
    claims = _parts(token)[1]
    if float(str(claims["exp"])) <= time.time():
        raise TokenError("the access token has expired")
    scopes = claims["scp"]
    return tuple(map(str, scopes)) if isinstance(scopes, list) else ()


def assertion_claims(token: str, key: rsa.RSAPublicKey, key_id: str) -> Claims:
    """The claims of a client assertion signed by the service app's key. Raises TokenError."""
    header, claims, signature = _parts(token)
    if header.get("alg") != "RS256":
        raise TokenError("The client_assertion token must be signed with RS256.")
    if header.get("kid", key_id) != key_id:
        raise TokenError("The client_assertion's kid is not a key of this client.")
    signed = token.rpartition(".")[0].encode()
    try:
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise TokenError("The client_assertion signature is invalid.") from error
    return claims


def _mac(secret: str, head: str) -> str:
    return encode(hmac.new(f"access:{secret}".encode(), head.encode(), hashlib.sha256).digest())


def _parts(token: str) -> tuple[Claims, Claims, bytes]:
    try:
        raw = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
        header, claims = json.loads(raw[0]), json.loads(raw[1])
        signature = raw[2]
    except (ValueError, IndexError) as error:
        raise TokenError("the token is not a JSON Web Token") from error
    if len(raw) != 3 or not isinstance(header, dict) or not isinstance(claims, dict):
        raise TokenError("the token is not a JSON Web Token")
    return header, claims, signature

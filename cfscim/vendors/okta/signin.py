"""Signing in to Okta as the stack's provider does.

Source: terraform-provider-okta, okta/config/config.go and okta/api/idaas.go: an access token
wins over an API token, that over a private key; `http_proxy` takes the organisation's place.
A service app: Okta, "Implement OAuth for Okta with a service app" and "Configure DPoP"; the same
steps as the Go SDK in the provider. PyJWT and cryptography come with azure-identity (through msal).
"""

import hashlib
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from cfscim.config.messages import MissingError
from cfscim.config.provider_settings import (
    OKTA_ACCESS_TOKEN,
    OKTA_API_TOKEN,
    OKTA_BASE_URL,
    OKTA_CLIENT,
    OKTA_DOMAINS,
    OKTA_KEY,
    OKTA_KEY_ID,
    OKTA_ORG_NAME,
    OKTA_PROXY,
    OKTA_SCOPES,
    okta_domain,
)
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.network import open_client, require_safe
from cfscim.vendors.okta import SCOPES
from cfscim.vendors.pages import member
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings, read_credential

VENDOR = "Okta"
_WHERE = "Okta sign-in"


def okta_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    *,
    policy: Policy | None = None,
    transport: httpx.BaseTransport | None = None,
) -> HttpClient:
    """A client whose requests are signed. Raises `MissingError` naming what to set."""
    settings = Settings(config, env)
    policy = policy or _policy(settings)
    base, proxy = _address(settings)
    client = open_client(base, env, policy, proxy=proxy, transport=transport)
    try:
        authorize, credentials = _authorization(settings, base, client, policy)
    except MissingError:
        client.close()
        raise
    return HttpClient(
        VENDOR, base, client, authorize=authorize, credentials=credentials, policy=policy
    )


def organisation_url(config: Mapping[str, str], env: Mapping[str, str]) -> str:
    """`https://<org>.<domain>`, for links to people. Raises `MissingError`."""
    settings = Settings(config, env)
    name = settings.text(*OKTA_ORG_NAME)
    if not name:
        raise MissingError(
            _WHERE,
            "no organisation is named",
            "its address is not known without it",
            f"set {OKTA_ORG_NAME.key}, or {OKTA_ORG_NAME.variable}",
        )
    where = f"{OKTA_ORG_NAME.key} and {OKTA_BASE_URL.key}"
    require_safe(f"https://{name}.{_domain(settings)}", where)
    return f"https://{name}.{okta_domain(_domain(settings), {})}"


def _domain(settings: Settings) -> str:
    return settings.text(*OKTA_BASE_URL, default=OKTA_DOMAINS[0])


def _address(settings: Settings) -> tuple[str, str | None]:
    proxy = settings.text(*OKTA_PROXY).rstrip("/")
    if not proxy:
        return organisation_url(settings.config, settings.env), None
    parts = urlsplit(proxy)
    if parts.scheme == "https" and parts.hostname:
        return proxy, None
    if parts.scheme != "http" or not parts.hostname:
        raise MissingError(
            OKTA_PROXY.either,
            "not an address",
            "Okta cannot be reached through it",
            "write http://host:port or https://host",
        )
    # The provider asks the proxy for http://<its own host>/…, the port left out.
    return f"http://{parts.hostname}", proxy


def _authorization(
    settings: Settings, base: str, client: httpx.Client, policy: Policy
) -> tuple[Callable[[str, str], Mapping[str, str]], str]:
    access_token = settings.text(*OKTA_ACCESS_TOKEN)
    if access_token:
        return _fixed(f"Bearer {access_token}"), OKTA_ACCESS_TOKEN.either
    api_token = settings.text(*OKTA_API_TOKEN)
    if api_token:
        return _fixed(f"SSWS {api_token}"), OKTA_API_TOKEN.either
    private_key = settings.text(*OKTA_KEY)
    client_id = settings.text(*OKTA_CLIENT)
    if private_key and client_id:
        app = ServiceApp(
            client_id,
            private_key,
            settings.text(*OKTA_KEY_ID),
            settings.items(*OKTA_SCOPES) or SCOPES,
        )
        # Its own slots: a request waits in the other's while it fetches its token here.
        tokens = AccessTokens(app, HttpClient(VENDOR, base, client, policy=policy))
        return tokens.headers, "the service app's key and its granted scopes"
    if private_key:
        raise MissingError(
            _WHERE,
            "a private key without the client it belongs to",
            "Okta cannot tell who signs in",
            f"set {OKTA_CLIENT.key}, or {OKTA_CLIENT.variable}",
        )
    raise MissingError(
        _WHERE,
        "no credentials",
        "nothing can be read or changed without them",
        f"set {OKTA_API_TOKEN.both}, or {OKTA_CLIENT.variable} with {OKTA_KEY.variable} and "
        f"{OKTA_SCOPES.variable}, or {OKTA_ACCESS_TOKEN.variable}",
    )


def _fixed(value: str) -> Callable[[str, str], Mapping[str, str]]:
    return lambda _method, _url: {"Authorization": value}


def _policy(settings: Settings) -> Policy:
    policy = Policy()
    retries = settings.whole("okta:maxRetries", default=policy.attempts - 1)
    seconds = settings.whole("okta:requestTimeout", default=0)
    # The provider's 0 means no limit; ours always has one.
    return replace(policy, attempts=min(retries, 10) + 1, read=float(seconds or policy.read))


if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_SIGN_IN_PATH = "/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# New service apps demand DPoP: first they refuse, then they hand out a nonce.
_STEPS = 4
_EARLY = 30.0


@dataclass(frozen=True)
class ServiceApp:
    """The app that signs in: its client id, private key (PEM or a file's path), and scopes."""

    client_id: str
    private_key: str
    private_key_id: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class _Token:
    kind: str
    value: str
    until: float
    nonce: str


class AccessTokens:
    """Fetches and keeps one access token; `headers` signs a request with it."""

    def __init__(self, app: ServiceApp, http: HttpClient) -> None:
        self._app = app
        self._http = http
        self._key = _load(app.private_key)
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._proof_key: RSAPrivateKey | None = None

    def headers(self, method: str, url: str) -> Mapping[str, str]:
        """The headers for one request. Raises `AnswerError` where Okta gives no token."""
        with self._lock:
            if self._token is None or self._token.until <= time.monotonic():
                self._token = self._fetch()
            token = self._token
        if token.kind.lower() != "dpop":
            return {"Authorization": f"Bearer {token.value}"}
        proof = self._proof(method, url, token.nonce, token.value)
        # Okta's own SDKs say so in this header; Authorization comes last, it is the secret.
        return {
            "DPoP": proof,
            "X-Okta-User-Agent-Extended": "isDPoP:true",
            "Authorization": f"DPoP {token.value}",
        }

    def _fetch(self) -> _Token:
        with_proof, nonce = False, ""
        for step in range(1, _STEPS + 1):
            try:
                return self._ask(with_proof, nonce)
            except AnswerError as error:
                # An assertion counts once, so a lost answer needs a new one, not a repetition.
                lost = error.kind in ("unavailable", "timeout", "malformed")
                if error.code == "invalid_dpop_proof" and not with_proof:
                    with_proof = True
                elif error.code == "use_dpop_nonce" and error.headers.get("dpop-nonce"):
                    with_proof, nonce = True, error.headers["dpop-nonce"]
                elif not lost:
                    raise
                if step == _STEPS:
                    raise
        raise AssertionError("unreachable: the last step returns or raises")

    def _ask(self, with_proof: bool, nonce: str) -> _Token:
        url = self._http.base + _SIGN_IN_PATH
        assertion = self._assertion(url)
        self._http.hide(assertion)
        answer = self._http.send(
            Call(
                "POST",
                _SIGN_IN_PATH,
                form={
                    "grant_type": "client_credentials",
                    "scope": " ".join(self._app.scopes),
                    "client_assertion_type": _ASSERTION_TYPE,
                    "client_assertion": assertion,
                },
                headers={"DPoP": self._proof("POST", url, nonce, "")} if with_proof else {},
                why="Okta gives no access token to this service app",
                instead="check client id, private key, its key id and the granted scopes",
            )
        )
        value, seconds = member(answer, "access_token"), member(answer, "expires_in")
        if not isinstance(value, str) or not value:
            raise AnswerError("malformed", answer.where, "an answer without access_token")
        lasts = float(seconds) if isinstance(seconds, int | float) else 300.0
        until = time.monotonic() + max(0.0, lasts - _EARLY)
        return _Token(str(member(answer, "token_type") or "Bearer"), value, until, nonce)

    def _assertion(self, url: str) -> str:
        import jwt
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

        now = int(time.time())
        claims: dict[str, str | int] = {
            "iss": self._app.client_id,
            "sub": self._app.client_id,
            "aud": url,
            "iat": now,
            "exp": now + 3600,
            "jti": str(uuid.uuid4()),
        }
        header = {"kid": self._app.private_key_id} if self._app.private_key_id else None
        algorithm = "RS256" if isinstance(self._key, RSAPrivateKey) else "ES256"
        return jwt.encode(claims, self._key, algorithm=algorithm, headers=header)

    def _proof(self, method: str, url: str, nonce: str, token: str) -> str:
        """A DPoP proof (RFC 9449, 4.2), bound to the request and, where there is one, the token."""
        import jwt
        from cryptography.hazmat.primitives.asymmetric import rsa
        from jwt.algorithms import RSAAlgorithm
        from jwt.utils import base64url_encode

        if self._proof_key is None:
            self._proof_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        claims: dict[str, str | int] = {
            "jti": str(uuid.uuid4()),
            "htm": method,
            "htu": url.partition("?")[0],
            "iat": int(time.time()),
        }
        if nonce:
            claims["nonce"] = nonce
        if token:
            claims["ath"] = base64url_encode(hashlib.sha256(token.encode()).digest()).decode()
        key = RSAAlgorithm.to_jwk(self._proof_key.public_key(), as_dict=True)
        # RFC 7638: what a thumbprint is made of, and no more.
        header = {"typ": "dpop+jwt", "jwk": {name: key[name] for name in ("kty", "n", "e")}}
        return jwt.encode(claims, self._proof_key, algorithm="RS256", headers=header)


def _load(text: str) -> "RSAPrivateKey | EllipticCurvePrivateKey":
    """The key, from PEM or from a file of that name. Raises `MissingError`."""
    # cryptography costs 0.1 s, and an API token needs none of it.
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if not text.lstrip().startswith("-----BEGIN"):
            text = read_credential(text).decode("utf-8")
        # A PEM in one line, as environments often hold it, has \n written out.
        key = load_pem_private_key(text.replace("\\n", "\n").encode(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise MissingError(
            OKTA_KEY.either,
            "neither an unencrypted PEM key (PKCS#1 or PKCS#8) nor a file that holds one",
            "without it nobody can sign in to Okta",
            "give the key made for the service app",
        )
    return key

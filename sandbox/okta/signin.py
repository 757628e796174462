"""Who calls: an API token (all rights), or an access token of the one service app (its scopes).

Source: https://developer.okta.com/docs/reference/core-okta-api/#authentication and
https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/.
"""

import hmac
import re
import time
from urllib.parse import urlsplit

import jwt

from sandbox.okta.admin_roles import allows
from sandbox.okta.errors import OktaError, by_status, forbidden
from sandbox.okta.models import ORGANISATION
from sandbox.server.ids import okta_id
from sandbox.server.router import Context
from sandbox.server.tls import HOST, LOCALHOST, signing_key

CLIENT_ID = okta_id("0oa", "service-app")
KEY_ID = "sandbox-service-app"
SCOPES = tuple(
    f"okta.{kind}.{right}"
    for kind in ("apps", "groups", "users", "policies", "logs", "roles")
    for right in ("read", "manage")
    if (kind, right) != ("logs", "manage")
)
TOKEN_PATH = "/oauth2/v1/token"
ACCESS_TOKEN_SECONDS = 3600
_LONGEST_ASSERTION_SECONDS = 3600 + 60
_HOSTS = (HOST, LOCALHOST, "example.okta.com")
# The space is optional: Okta's own Python client (okta 3.4) writes "SSWS00…".
_HEADER = re.compile(r"(SSWS|Bearer)\s*(\S+)", re.IGNORECASE)
_CHALLENGE = (
    'Bearer authorization_uri="http://{host}/oauth2/v1/authorize", realm="http://{host}", '
    'scope="{scopes}", error="{error}", error_description="{description}"'
)


class RefusedAssertionError(Exception):
    """A client assertion that Okta refuses; the text is Okta's description."""


def check(ctx: Context, scopes: tuple[str, ...]) -> None:
    """Let the request pass, or raise OktaError: 401 for a wrong token, 403 for a missing scope, or
    for an administrator role that does not allow it (D: error code E0000006)."""
    _check_scopes(ctx, scopes)
    if not allows(ctx.state, scopes):
        raise forbidden()


def _check_scopes(ctx: Context, scopes: tuple[str, ...]) -> None:
    header = ctx.request.headers.get("Authorization", "").strip()
    if not header:
        raise OktaError(401, "E0000005", "Invalid session")
    credential = _HEADER.fullmatch(header)
    if credential is None:
        raise _invalid()
    right = ctx.world.credentials.okta_api_token
    if credential[1].casefold() == "ssws":
        if not hmac.compare_digest(credential[2].encode(), right.encode()):
            raise _invalid()
        return
    host = ctx.request.host
    try:
        claims = jwt.decode(credential[2], _access_key(right), ["HS256"], audience=ORGANISATION)
    except jwt.InvalidTokenError as error:
        description = "The access token is invalid."
        raise _invalid(
            _CHALLENGE.format(host=host, scopes="", error="invalid_token", description=description)
        ) from error
    missing = [scope for scope in scopes if not _covers(claims["scp"], scope)]
    if missing:
        text = _CHALLENGE.format(
            host=host,
            scopes=" ".join(missing),
            error="insufficient_scope",
            description="The access token provided does not contain the required scopes.",
        )
        raise forbidden(headers={"WWW-Authenticate": text})


def by_api_token(ctx: Context) -> bool:
    """Whether an administrator's API token is used, as opposed to a service app."""
    return ctx.request.headers.get("Authorization", "").casefold().startswith("ssws")


def access_token(api_token: str, scopes: list[str]) -> str:
    """A signed access token for these scopes, good for an hour."""
    moment = int(time.time())
    claims = {
        "ver": 1,
        "iss": ORGANISATION,
        "aud": ORGANISATION,
        "sub": CLIENT_ID,
        "cid": CLIENT_ID,
        "iat": moment,
        "exp": moment + ACCESS_TOKEN_SECONDS,
        "scp": scopes,
    }
    return jwt.encode(claims, _access_key(api_token), "HS256")


def check_assertion(assertion: str, host: str) -> None:
    """Check the service app's assertion, made for this ``host``. Raises RefusedAssertionError."""
    try:
        if jwt.get_unverified_header(assertion).get("kid", KEY_ID) != KEY_ID:
            raise RefusedAssertionError("The client_assertion's kid is not a key of this client.")
        claims = jwt.decode(
            assertion,
            signing_key().public_key(),
            ["RS256"],
            options={"require": ["exp"], "verify_aud": False},
        )
    except jwt.InvalidAlgorithmError as error:
        text = "The client_assertion token must be signed with RS256."
        raise RefusedAssertionError(text) from error
    except jwt.ExpiredSignatureError as error:
        raise RefusedAssertionError("The client_assertion token is expired.") from error
    except jwt.InvalidTokenError as error:
        raise RefusedAssertionError(f"The client_assertion is invalid: {error}.") from error
    if claims.get("iss") != CLIENT_ID or claims.get("sub") != CLIENT_ID:
        text = "The issuer and subject of the client_assertion must be the client id."
        raise RefusedAssertionError(text)
    audience = urlsplit(str(claims.get("aud", "")))
    if audience.path != TOKEN_PATH or audience.hostname not in (*_HOSTS, host.partition(":")[0]):
        text = "The audience claim for client_assertion must be the endpoint invoked."
        raise RefusedAssertionError(text)
    if claims["exp"] - time.time() > _LONGEST_ASSERTION_SECONDS:
        text = "The client_assertion token has an expiration too far into the future."
        raise RefusedAssertionError(text)


def _access_key(api_token: str) -> str:
    # No two sandboxes share one, and a restart keeps it: the API token is random and stored.
    return f"access:{api_token}"


def _covers(granted: list[str], scope: str) -> bool:
    # okta.*.manage includes okta.*.read.
    return scope in granted or scope.replace(".read", ".manage") in granted


def _invalid(challenge: str = "") -> OktaError:
    headers = {"WWW-Authenticate": challenge} if challenge else None
    return by_status(401, headers=headers)

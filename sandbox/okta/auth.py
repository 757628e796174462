"""Who calls: an API token (all rights) or an access token (its scopes only).

Source: https://developer.okta.com/docs/reference/core-okta-api/#authentication and
https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/.
"""

import hmac
import re

from sandbox.okta import tokens
from sandbox.okta.errors import OktaError, forbidden
from sandbox.server.router import Context

# The space is optional: Okta's own Python client (okta 3.4) writes "SSWS00…".
_HEADER = re.compile(r"(SSWS|Bearer)\s*(\S+)", re.IGNORECASE)
_SCOPE_ERROR = (
    'Bearer authorization_uri="http://{host}/oauth2/v1/authorize", realm="http://{host}", '
    'scope="{scopes}", error="insufficient_scope", '
    'error_description="The access token provided does not contain the required scopes."'
)
_TOKEN_ERROR = (
    'Bearer authorization_uri="http://{host}/oauth2/v1/authorize", realm="http://{host}", '
    'scope="", error="invalid_token", error_description="The access token is invalid."'
)


def check(ctx: Context, scopes: tuple[str, ...]) -> None:
    """Let the request pass, or raise OktaError: 401 for a wrong token, 403 for a missing scope."""
    header = ctx.request.headers.get("Authorization", "").strip()
    if not header:
        raise OktaError(401, "E0000005", "Invalid session")
    found = _HEADER.fullmatch(header)
    if found is None:
        raise _invalid()
    scheme, value = found.group(1).casefold(), found.group(2)
    if scheme == "ssws":
        right = ctx.world.credentials.okta_api_token
        if not hmac.compare_digest(value.encode(), right.encode()):
            raise _invalid()
        return
    try:
        granted = tokens.scopes_of(value, ctx.world.credentials.okta_api_token)
    except tokens.TokenError as error:
        raise _invalid(_TOKEN_ERROR.format(host=ctx.request.host)) from error
    missing = [scope for scope in scopes if not _covers(granted, scope)]
    if missing:
        text = _SCOPE_ERROR.format(host=ctx.request.host, scopes=" ".join(missing))
        raise forbidden(headers={"WWW-Authenticate": text})


def by_api_token(ctx: Context) -> bool:
    """Whether an administrator's API token is used, as opposed to a service app."""
    return ctx.request.headers.get("Authorization", "").casefold().startswith("ssws")


def _covers(granted: tuple[str, ...], scope: str) -> bool:
    # okta.*.manage includes okta.*.read.
    return scope in granted or scope.replace(".read", ".manage") in granted


def _invalid(challenge: str = "") -> OktaError:
    headers = {"WWW-Authenticate": challenge} if challenge else None
    return OktaError(401, "E0000011", "Invalid token provided", headers=headers)

"""The organisation's one service app: signs in with a private key and gets scoped access tokens.

Source: https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/.
"""

import time
from urllib.parse import urlsplit

from werkzeug import Response

from sandbox.okta import tokens
from sandbox.okta.api import endpoint
from sandbox.okta.keys import pem, rsa_key
from sandbox.okta.state import ORGANISATION
from sandbox.server.admin import admin_router
from sandbox.server.ids import okta_id
from sandbox.server.router import Context, json_reply
from sandbox.server.world import World

CLIENT_ID = okta_id("0oa", "service-app")
KEY_ID = "sandbox-service-app"
SCOPES = tuple(
    f"okta.{kind}.{right}"
    for kind in ("apps", "groups", "users", "policies", "logs", "roles")
    for right in ("read", "manage")
    if (kind, right) != ("logs", "manage")
)
_TOKEN_PATH = "/oauth2/v1/token"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_SECONDS = 3600
_HOSTS = ("127.0.0.1", "localhost", "example.okta.com")


@admin_router.route("GET", "/_sandbox/okta/oauth")
def show(ctx: Context) -> Response:
    """What a client needs to sign in as the service app. Holds its private key."""
    return json_reply(
        {
            "clientId": CLIENT_ID,
            "privateKey": pem(rsa_key(_seed(ctx.world))),
            "privateKeyId": KEY_ID,
            "scopes": list(SCOPES),
        }
    )


@endpoint("POST", _TOKEN_PATH)
def token(ctx: Context) -> Response:
    """Client credentials with a signed assertion; the access token holds the scopes asked for."""
    form = ctx.request.values  # Okta's Go client of today puts them into the query
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        return _refused(401, "invalid_client", "This client must use private_key_jwt.")
    try:
        claims = tokens.assertion_claims(
            form.get("client_assertion", ""), rsa_key(_seed(ctx.world)).public_key(), KEY_ID
        )
    except tokens.TokenError as error:
        return _refused(401, "invalid_client", str(error))
    problem = _problem(claims, ctx.request.host)
    if problem:
        return _refused(401, "invalid_client", problem)
    asked = form.get("scope", "").split()
    if not asked or any(scope not in SCOPES for scope in asked):
        text = "One or more scopes are not configured for the authorization server resource."
        return _refused(400, "invalid_scope", text)
    secret = ctx.world.credentials.okta_api_token
    access = tokens.issue(secret, CLIENT_ID, asked, ORGANISATION)
    ctx.world.log.hide(access)
    return json_reply(
        {
            "token_type": "Bearer",
            "expires_in": tokens.ACCESS_TOKEN_SECONDS,
            "access_token": access,
            "scope": " ".join(asked),
        }
    )


def _problem(claims: tokens.Claims, host: str) -> str:
    if claims.get("iss") != CLIENT_ID or claims.get("sub") != CLIENT_ID:
        return "The issuer and subject of the client_assertion must be the client id."
    audience = urlsplit(str(claims.get("aud", "")))
    known = (*_HOSTS, host.partition(":")[0])
    if audience.path != _TOKEN_PATH or audience.hostname not in known:
        return "The audience claim for client_assertion must be the endpoint invoked."
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, (int, float)):
        return "The client_assertion has no expiry."
    left = expires - time.time()
    if left <= 0:
        return "The client_assertion token is expired."
    if left > _LONGEST_SECONDS + 60:
        return "The client_assertion token has an expiration too far into the future."
    return ""


def _seed(world: World) -> str:
    return f"service:{world.credentials.okta_api_token}"


def _refused(status: int, error: str, description: str) -> Response:
    return json_reply({"error": error, "error_description": description}, status)

"""The service app's sign-in: what a client needs for it, and the token endpoint."""

from werkzeug import Response

from sandbox.okta import signin
from sandbox.okta.api.route import endpoint
from sandbox.server.admin_router import admin_route
from sandbox.server.router import Context, json_reply
from sandbox.server.tls import KEY_PEM

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@admin_route("GET", "/_sandbox/okta/oauth")
def show(_ctx: Context, _given: dict[str, object]) -> Response:
    """What a client needs to sign in as the service app. Holds its private key."""
    return json_reply(
        {
            "clientId": signin.CLIENT_ID,
            "privateKey": KEY_PEM,
            "privateKeyId": signin.KEY_ID,
            "scopes": list(signin.SCOPES),
        }
    )


@endpoint("POST", signin.TOKEN_PATH)
def token(ctx: Context) -> Response:
    """Client credentials with a signed assertion; the access token holds the scopes asked for.

    Source: D: OAuth for Okta.
    """
    form = ctx.request.values  # Okta's Go client of today puts them into the query
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        return _refused(401, "invalid_client", "This client must use private_key_jwt.")
    try:
        signin.check_assertion(form.get("client_assertion", ""), ctx.request.host)
    except signin.RefusedAssertionError as error:
        return _refused(401, "invalid_client", str(error))
    scopes = form.get("scope", "").split()
    if not scopes or any(scope not in signin.SCOPES for scope in scopes):
        text = "One or more scopes are not configured for the authorization server resource."
        return _refused(400, "invalid_scope", text)
    access = signin.access_token(ctx.world.credentials.okta_api_token, scopes)
    ctx.world.log.hide(access)
    return json_reply(
        {
            "token_type": "Bearer",
            "expires_in": signin.ACCESS_TOKEN_SECONDS,
            "access_token": access,
            "scope": " ".join(scopes),
        }
    )


def _refused(status: int, error: str, description: str) -> Response:
    return json_reply({"error": error, "error_description": description}, status)

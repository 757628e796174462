"""Managed identity (virtual machine and App Service style) and the sandbox's own sign-in routes."""

import time
from urllib.parse import urlencode

from werkzeug import Response

from sandbox.entra import signin, tokens
from sandbox.entra.graph import router
from sandbox.entra.permissions import DEFAULT_ROLES, KNOWN_ROLES
from sandbox.server.admin import admin_router
from sandbox.server.router import Context, json_reply


def _refuse(status: int, error: str, message: str) -> Response:
    return json_reply({"error": error, "error_description": message}, status)


def _token(ctx: Context) -> Response:
    resource = ctx.request.args.get("resource", "").rstrip("/")
    if not resource:
        return _refuse(400, "invalid_request", "Required query variable 'resource' is missing")
    wanted = ctx.request.args.get("client_id")
    if wanted and wanted.lower() != ctx.state.caller_app_id:
        return _refuse(400, "invalid_request", "Identity not found")
    now = int(time.time())
    return json_reply(
        {
            "access_token": tokens.issue(ctx.world, ctx.state, resource),
            "client_id": ctx.state.caller_app_id,
            "expires_in": str(tokens.LIFETIME_SECONDS),
            "expires_on": str(now + tokens.LIFETIME_SECONDS),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


@router.route("GET", "/metadata/identity/oauth2/token")
def virtual_machine(ctx: Context) -> Response:
    """The instance metadata service; without ``Metadata: true`` it refuses.

    Source: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """
    if ctx.request.headers.get("Metadata", "").lower() != "true":
        return _refuse(400, "invalid_request", "Required metadata header not specified")
    return _token(ctx)


@router.route("GET", "/msi/token")
def app_service(ctx: Context) -> Response:
    """What IDENTITY_ENDPOINT points to, with IDENTITY_HEADER in ``X-IDENTITY-HEADER``.

    Source: https://learn.microsoft.com/azure/app-service/overview-managed-identity
    """
    if ctx.request.headers.get("X-IDENTITY-HEADER") != signin.material().identity_header:
        return _refuse(401, "unauthorized", "X-IDENTITY-HEADER is missing or wrong")
    return _token(ctx)


@admin_router.route("GET", "/_sandbox/entra/signin")
def signin_material(ctx: Context) -> Response:
    """Everything a test needs to sign in by any method."""
    world, made = ctx.world, signin.material()
    query = urlencode({"api-version": "2.0"})
    return json_reply(
        {
            "tenantId": world.credentials.arm_tenant_id,
            "clientId": world.credentials.arm_client_id,
            "clientSecret": world.credentials.arm_client_secret,
            "authority": world.https_base,
            "scope": world.http_base + "/.default",
            "caFile": world.ca_file,
            "certificatePem": made.certificate_pem,
            "certificateKeyPem": made.key_pem,
            "certificatePfx": made.pfx,
            "certificatePassword": made.pfx_password,
            "oidcToken": made.oidc_token(),
            "oidcIssuer": signin.OIDC_ISSUER,
            "oidcSubject": signin.OIDC_SUBJECT,
            "oidcRequestUrl": f"{world.http_base}/_sandbox/entra/oidc?{query}",
            "oidcRequestToken": made.oidc_request_token,
            "identityEndpoint": world.http_base + "/msi/token",
            "identityHeader": made.identity_header,
            "imdsHost": world.http_base,
        }
    )


@admin_router.route("GET", "/_sandbox/entra/oidc")
def workflow_token(ctx: Context) -> Response:
    """The token service of a workflow runner (ACTIONS_ID_TOKEN_REQUEST_URL)."""
    made = signin.material()
    if ctx.request.headers.get("Authorization") != f"Bearer {made.oidc_request_token}":
        return json_reply({"error": "the request token is missing or wrong"}, 401)
    audience = ctx.request.args.get("audience", signin.OIDC_AUDIENCE)
    return json_reply({"value": made.oidc_token(audience=audience), "count": 1})


@admin_router.route("POST", "/_sandbox/entra/permissions")
def set_permissions(ctx: Context) -> Response:
    """Give the application exactly ``roles``, at once; null means all it had at the start."""
    roles = ctx.body.get("roles", False) if isinstance(ctx.body, dict) else False
    if roles is None:
        roles = list(DEFAULT_ROLES)
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        return json_reply({"error": "roles is a list of permission names, or null"}, 400)
    unknown = sorted(set(roles) - KNOWN_ROLES)
    if unknown:
        return json_reply({"error": f"unknown permission {unknown[0]!r}"}, 400)
    with ctx.world.locked("entra"):
        ctx.world.entra.roles = sorted(set(roles))
    ctx.world.changed.set()
    return json_reply({"roles": sorted(set(roles))})

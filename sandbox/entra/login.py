"""The login: cloud metadata, OpenID configuration, tokens by client credentials."""

import base64
import hashlib
import hmac
import uuid
from datetime import UTC, datetime

import jwt
from cryptography.hazmat.primitives import serialization
from werkzeug import Response

from sandbox.entra import signin, tokens
from sandbox.entra.graph import router
from sandbox.entra.state import EntraState
from sandbox.server.router import Context, json_reply

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DOMAIN = "example.onmicrosoft.com"


class LoginError(Exception):
    """The sign-in is refused, in the shape of the login service."""

    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message

    def response(self) -> Response:
        """RFC 6749's error, with Entra's AADSTS code."""
        trace = str(uuid.uuid4())
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        body = {
            "error": self.error,
            "error_description": f"AADSTS{self.code}: {self.message} Trace ID: {trace} "
            f"Correlation ID: {trace} Timestamp: {stamp}",
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
        }
        return json_reply(body, self.status)


@router.route("GET", "/metadata/endpoints")
def cloud_metadata(ctx: Context) -> Response:
    """The cloud's addresses, as ARM answers them; Graph and login on plain HTTP.

    Source: reference/loopback.md (observed requests of the azuread provider).
    """
    base = ctx.world.http_base
    return json_reply(
        {
            "name": "Sandbox",
            "portal": base,
            "graph": base,
            "graphAudience": base,
            "resourceManager": base + "/",
            "microsoftGraphResourceId": base,
            "media": base,
            "authentication": {
                "loginEndpoint": base,
                "audiences": [base],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {
                "storage": "core.sandbox.invalid",
                "keyVaultDns": "vault.sandbox.invalid",
                "acrLoginServer": "azurecr.sandbox.invalid",
                "sqlServerHostname": "database.sandbox.invalid",
            },
        }
    )


@router.route("GET", "/<tenant>/v2.0/.well-known/openid-configuration")
def openid_configuration(ctx: Context, tenant: str) -> Response:
    """Where a tenant's endpoints are: on the port that was asked."""
    base = f"{ctx.request.host_url.rstrip('/')}/{tenant}"
    return json_reply(
        {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "tenant_region_scope": None,
            "cloud_instance_name": ctx.request.host,
        }
    )


@router.route("GET", "/common/discovery/instance")
def instance_discovery(ctx: Context) -> Response:
    """This host is a known authority."""
    base, host = ctx.request.host_url.rstrip("/"), ctx.request.host
    wanted = ctx.request.args.get("authorization_endpoint", f"{base}/common/oauth2/v2.0/authorize")
    tenant = wanted.partition("://")[2].split("/")[1] if wanted.count("/") > 2 else "common"
    endpoint = f"{base}/{tenant}/v2.0/.well-known/openid-configuration"
    known = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
    return json_reply(
        {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [known]}
    )


@router.route("POST", "/<tenant>/oauth2/v2.0/token")
def token(ctx: Context, tenant: str) -> Response:
    """A token by the client-credentials grant: with a secret, a certificate or a federated token.

    Source: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    try:
        resource = _check_request(ctx.state, tenant, dict(ctx.request.form.items()))
        _check_client(ctx, tenant, dict(ctx.request.form.items()))
    except LoginError as error:
        return error.response()
    return json_reply(
        {
            "token_type": "Bearer",
            "expires_in": tokens.LIFETIME_SECONDS,
            "ext_expires_in": tokens.LIFETIME_SECONDS,
            "access_token": tokens.issue(ctx.world, ctx.state, resource),
        }
    )


def _check_request(state: EntraState, tenant: str, form: dict[str, str]) -> str:
    """Grant, tenant, client and scope; returns the resource asked for."""
    if tenant.lower() not in (state.tenant_id, _DOMAIN):
        message = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        raise LoginError(400, "invalid_request", 90002, message)
    if form.get("grant_type") != "client_credentials":
        message = "The app requested an unsupported grant type."
        raise LoginError(400, "unsupported_grant_type", 70003, message)
    client_id = form.get("client_id", "")
    if client_id.lower() != state.caller_app_id:
        message = f"Application with identifier '{client_id}' was not found in the directory."
        raise LoginError(400, "unauthorized_client", 700016, message)
    for scope in form.get("scope", "").split():
        if scope.endswith("/.default"):
            return scope.removesuffix("/.default").rstrip("/")
    message = "The provided value for scope is not valid: it must end in /.default."
    raise LoginError(400, "invalid_scope", 1002012, message)


def _check_client(ctx: Context, tenant: str, form: dict[str, str]) -> None:
    app_id = ctx.state.caller_app_id
    assertion = form.get("client_assertion")
    if assertion and form.get("client_assertion_type") == _ASSERTION_TYPE:
        _check_assertion(ctx, tenant, assertion)
        return
    given = form.get("client_secret")
    if not given:
        message = "The request body must contain: 'client_assertion' or 'client_secret'."
        raise LoginError(401, "invalid_client", 7000216, message)
    if not hmac.compare_digest(given.encode(), ctx.world.credentials.arm_client_secret.encode()):
        message = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the "
            f"client secret value, not the client secret ID, for a secret added to app '{app_id}'."
        )
        raise LoginError(401, "invalid_client", 7000215, message)


def _check_assertion(ctx: Context, tenant: str, assertion: str) -> None:
    """A token signed by the registered certificate, or one of the registered OIDC issuer."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        message = "Client assertion is malformed: it is not a JWT."
        raise LoginError(401, "invalid_client", 50027, message) from error
    if claims.get("iss") == signin.OIDC_ISSUER:
        _check_federated(assertion)
    else:
        _check_certificate(ctx, tenant, assertion, header)


def _check_federated(assertion: str) -> None:
    try:
        claims = jwt.decode(
            assertion,
            signin.material().issuer_key.public_key(),
            algorithms=["RS256"],
            audience=signin.OIDC_AUDIENCE,
        )
    except jwt.InvalidTokenError as error:
        message = f"Client assertion failed validation: {error}."
        raise LoginError(401, "invalid_client", 700213, message) from error
    if claims.get("sub") != signin.OIDC_SUBJECT:
        message = (
            "No matching federated identity record found for presented assertion subject "
            f"'{claims.get('sub')}'."
        )
        raise LoginError(401, "invalid_client", 700213, message)


def _check_certificate(
    ctx: Context, tenant: str, assertion: str, header: dict[str, object]
) -> None:
    made = signin.material()
    der = made.certificate.public_bytes(serialization.Encoding.DER)
    sha1 = _base64url(hashlib.sha1(der, usedforsecurity=False).digest())
    # The azuread provider sends the thumbprint as kid, MSAL as x5t or x5t#S256 (and pads it).
    thumbprints = {"kid": sha1, "x5t": sha1, "x5t#S256": _base64url(hashlib.sha256(der).digest())}
    given = {name: str(header.get(name, "")).rstrip("=") for name in thumbprints}
    if not any(given[name] == value for name, value in thumbprints.items()):
        message = "The certificate used to sign the client assertion is not registered on the app."
        raise LoginError(401, "invalid_client", 700027, message)
    bases = (ctx.world.http_base, ctx.world.https_base)
    endings = ("oauth2/v2.0/token", "v2.0")
    audiences = [f"{base}/{tenant}/{ending}" for base in bases for ending in endings]
    try:
        jwt.decode(
            assertion,
            made.client_key.public_key(),
            algorithms=["RS256", "PS256"],
            audience=audiences,
            issuer=ctx.state.caller_app_id,
            subject=ctx.state.caller_app_id,
        )
    except jwt.InvalidTokenError as error:
        message = f"Client assertion failed signature or claim validation: {error}."
        raise LoginError(401, "invalid_client", 700027, message) from error


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

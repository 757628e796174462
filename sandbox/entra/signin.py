"""Signing in: registered keys, the login, managed identity, and the tokens that Graph accepts.

Source: the login's messages D (AADSTS codes) and C (azure-identity, hamilton); claims D.
"""

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from werkzeug import Response

from sandbox.entra.errors import GraphError, reply
from sandbox.entra.models import EntraState
from sandbox.entra.permissions import DEFAULT_ROLES, DIRECTORY_ROLES, EVERYBODY, KNOWN_ROLES
from sandbox.server.admin_router import RefusedError, admin_route
from sandbox.server.router import Context, Refusal, Router, json_reply
from sandbox.server.tls import CERTIFICATE_PEM, KEY_PEM, signing_certificate, signing_key
from sandbox.server.world import World

router = Router("entra", reply)

OIDC_ISSUER = "https://token.actions.githubusercontent.com"
OIDC_SUBJECT = "repo:example/cloudflare-scim:environment:production"
OIDC_AUDIENCE = "api://AzureADTokenExchange"
_LIFETIME_SECONDS = 600


@dataclass(frozen=True)
class SigninMaterial:
    """What the tenant accepts: one key, registered as a certificate and as an OIDC issuer's.

    Nothing here is a secret of anybody: it exists on loopback only and the admin API shows it.
    """

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    oidc_request_token: str
    identity_header: str
    pfx_password: str

    @property
    def pfx(self) -> str:
        """Certificate and key as PKCS#12 in base64, as the azuread provider takes it."""
        encryption = serialization.BestAvailableEncryption(self.pfx_password.encode())
        bundle = pkcs12.serialize_key_and_certificates(
            b"sandbox", self.key, self.certificate, None, encryption
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
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "sandbox"})


@cache
def material() -> SigninMaterial:
    """The process's material: the constant key, and request tokens of its own."""
    return SigninMaterial(
        key=signing_key(),
        certificate=signing_certificate(),
        oidc_request_token=uuid.uuid4().hex,
        identity_header=uuid.uuid4().hex,
        pfx_password=uuid.uuid4().hex,
    )


_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GRAPH_AUDIENCES = ("https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000")
LIFETIME_SECONDS = 3599


def _key(world: World) -> bytes:
    # From the client secret, so that tokens stay valid when a stored sandbox is started again.
    return hashlib.sha256(b"entra-token:" + world.credentials.arm_client_secret.encode()).digest()


def issue(world: World, state: EntraState, resource: str) -> str:
    """A signed token for ``resource`` with the claims clients read: oid, tid, appid, roles."""
    issued = int(time.time())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{state.tenant_id}/",
        "iat": issued,
        "nbf": issued,
        "exp": issued + LIFETIME_SECONDS,
        "appid": state.caller_app_id,
        "appidacr": "1",
        "idtyp": "app",
        "oid": state.caller_id,
        "roles": state.roles,
        "sub": state.caller_id,
        "tid": state.tenant_id,
        "uti": uuid.uuid4().hex[:22],
        "ver": "1.0",
        **_of_a_person(state),
    }
    token = jwt.encode(claims, _key(world), algorithm="HS256")
    world.log.hide(token)
    return token


def _of_a_person(state: EntraState) -> dict[str, object]:
    """What a person's token says otherwise (D: access token claims reference)."""
    if state.directory_roles is None:
        return {}
    templates = [DIRECTORY_ROLES[role][0] for role in state.directory_roles]
    person = next(iter(state.users), state.caller_id)
    return {
        "appid": _AZURE_CLI,
        "appidacr": "0",
        "idtyp": "user",
        "oid": person,
        "sub": person,
        "roles": [],
        "scp": "Directory.AccessAsUser.All User.Read",
        "wids": [*templates, EVERYBODY[0]],
    }


@lru_cache(maxsize=64)
def _signed(token: str, key: bytes) -> Mapping[str, Any]:
    """The claims of a token that we signed, looked into once and not with every request.

    Raises `jwt.InvalidTokenError` for any other token.
    """
    return jwt.decode(
        token,
        key,
        algorithms=["HS256"],
        options={"verify_exp": False, "verify_aud": False, "require": ["exp", "aud"]},
    )


def authenticate(ctx: Context) -> str:
    """The object id of who sends this request. Raises GraphError 401 for a token that is not ours
    or not for Graph.

    The roles in the token are for show: what counts is what the application has now, so that
    narrowing its permissions works at once and clients need not sign in again.
    """
    scheme, _, token = ctx.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise GraphError(401, "Access token is empty.")
    world = ctx.world
    try:
        claims = _signed(token.strip(), _key(world))
    except jwt.InvalidTokenError as error:
        raise GraphError(401, "CompactToken validation failed: not a token of this tenant.") from (
            error
        )
    if claims["exp"] <= time.time():
        raise GraphError(401, "Lifetime validation failed, the token is expired.")
    if claims["aud"] not in (*GRAPH_AUDIENCES, world.http_base, world.https_base):
        raise GraphError(401, "Access token validation failure. Invalid audience.")
    return str(claims["oid"])


_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DOMAIN = "example.onmicrosoft.com"


class LoginError(Refusal):
    """The sign-in is refused, in the shape of the login service."""

    def __init__(self, status: int, error: str, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.error, self.code, self.message = status, error, code, message

    def reply(self) -> Response:
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

    Source (C): requests of the azuread provider.
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
    """Where a tenant's endpoints are: on the port that was asked (D)."""
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
    """This host is a known authority (C: azure-identity)."""
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

    Source (D): https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    """
    form = dict(ctx.request.form.items())
    resource = _check_request(ctx.state, tenant, form)
    _check_client(ctx, tenant, form)
    return json_reply(
        {
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "ext_expires_in": LIFETIME_SECONDS,
            "access_token": issue(ctx.world, ctx.state, resource),
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
    if claims.get("iss") == OIDC_ISSUER:
        _check_federated(assertion)
    else:
        _check_certificate(ctx, tenant, assertion, header)


def _check_federated(assertion: str) -> None:
    try:
        claims = jwt.decode(
            assertion,
            material().key.public_key(),
            algorithms=["RS256"],
            audience=OIDC_AUDIENCE,
        )
    except jwt.InvalidTokenError as error:
        message = f"Client assertion failed validation: {error}."
        raise LoginError(401, "invalid_client", 700213, message) from error
    if claims.get("sub") != OIDC_SUBJECT:
        message = (
            "No matching federated identity record found for presented assertion subject "
            f"'{claims.get('sub')}'."
        )
        raise LoginError(401, "invalid_client", 700213, message)


def _check_certificate(
    ctx: Context, tenant: str, assertion: str, header: dict[str, object]
) -> None:
    keys = material()
    der = keys.certificate.public_bytes(serialization.Encoding.DER)
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
            keys.key.public_key(),
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
            "access_token": issue(ctx.world, ctx.state, resource),
            "client_id": ctx.state.caller_app_id,
            "expires_in": str(LIFETIME_SECONDS),
            "expires_on": str(now + LIFETIME_SECONDS),
            "not_before": str(now),
            "resource": resource,
            "token_type": "Bearer",
        }
    )


@router.route("GET", "/metadata/identity/oauth2/token")
def virtual_machine(ctx: Context) -> Response:
    """The instance metadata service; without ``Metadata: true`` it refuses.

    Source (D): https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
    """
    if ctx.request.headers.get("Metadata", "").lower() != "true":
        return _refuse(400, "invalid_request", "Required metadata header not specified")
    return _token(ctx)


@router.route("GET", "/msi/token")
def app_service(ctx: Context) -> Response:
    """What IDENTITY_ENDPOINT points to, with IDENTITY_HEADER in ``X-IDENTITY-HEADER``.

    Source (D): https://learn.microsoft.com/azure/app-service/overview-managed-identity
    """
    if ctx.request.headers.get("X-IDENTITY-HEADER") != material().identity_header:
        return _refuse(401, "unauthorized", "X-IDENTITY-HEADER is missing or wrong")
    return _token(ctx)


@admin_route("GET", "/_sandbox/entra/signin")
def signin_material(ctx: Context, _given: dict[str, object]) -> Response:
    """Everything a test needs to sign in by any method."""
    world, keys = ctx.world, material()
    query = urlencode({"api-version": "2.0"})
    return json_reply(
        {
            "tenantId": world.credentials.arm_tenant_id,
            "clientId": world.credentials.arm_client_id,
            "clientSecret": world.credentials.arm_client_secret,
            "authority": world.https_base,
            "scope": world.http_base + "/.default",
            "caFile": world.ca_file,
            "certificatePem": CERTIFICATE_PEM,
            "certificateKeyPem": KEY_PEM,
            "certificatePfx": keys.pfx,
            "certificatePassword": keys.pfx_password,
            "oidcToken": keys.oidc_token(),
            "oidcIssuer": OIDC_ISSUER,
            "oidcSubject": OIDC_SUBJECT,
            "oidcRequestUrl": f"{world.http_base}/_sandbox/entra/oidc?{query}",
            "oidcRequestToken": keys.oidc_request_token,
            "identityEndpoint": world.http_base + "/msi/token",
            "identityHeader": keys.identity_header,
            "imdsHost": world.http_base,
        }
    )


@admin_route("GET", "/_sandbox/entra/oidc", query=("api-version", "audience"))
def workflow_token(ctx: Context, _given: dict[str, object]) -> Response:
    """The token service of a workflow runner (ACTIONS_ID_TOKEN_REQUEST_URL)."""
    keys = material()
    if ctx.request.headers.get("Authorization") != f"Bearer {keys.oidc_request_token}":
        return json_reply({"error": "the request token is missing or wrong"}, 401)
    audience = ctx.request.args.get("audience", OIDC_AUDIENCE)
    return json_reply({"value": keys.oidc_token(audience=audience), "count": 1})


@admin_route("POST", "/_sandbox/entra/permissions", {"roles": list})
def set_permissions(ctx: Context, given: dict[str, Any]) -> Response:
    """Give the application exactly ``roles``, at once; null means all it had at the start."""
    if "roles" not in given:
        raise RefusedError(400, "roles is a list of permission names, or null")
    roles = given["roles"] if given["roles"] is not None else DEFAULT_ROLES
    for role in roles:
        if role not in [*KNOWN_ROLES]:
            raise RefusedError(400, f"unknown permission {role!r}")
    with ctx.world.locked("entra"):
        ctx.world.entra.roles = sorted(set(roles))
    ctx.world.changed.set()
    return json_reply({"roles": sorted(set(roles))})


@admin_route("POST", "/_sandbox/entra/person", {"directoryRoles": list})
def sign_in_as_person(ctx: Context, given: dict[str, Any]) -> Response:
    """A person with these ``directoryRoles`` signs in, in place of the application; null: the
    application again. Answers what `az account get-access-token` prints."""
    if "directoryRoles" not in given:
        raise RefusedError(400, "directoryRoles is a list of directory roles, or null")
    roles = given["directoryRoles"]
    for role in roles or ():
        if role not in [*DIRECTORY_ROLES]:
            raise RefusedError(400, f"unknown directory role {role!r}")
    permitted = DEFAULT_ROLES
    if roles is not None:
        lists = (EVERYBODY[1], *(DIRECTORY_ROLES[role][1] for role in roles))
        permitted = tuple(permission for permissions in lists for permission in permissions)
    entra = ctx.world.entra
    with ctx.world.locked("entra"):
        entra.directory_roles = roles
        entra.roles = sorted(set(permitted))
        token = issue(ctx.world, entra, GRAPH_AUDIENCES[0])
    ctx.world.changed.set()
    ends = datetime.now(UTC).timestamp() + LIFETIME_SECONDS
    return json_reply(
        {
            "accessToken": token,
            "expires_on": int(ends),
            "tenant": entra.tenant_id,
            "tokenType": "Bearer",
        }
    )


@admin_route("POST", "/_sandbox/entra/tenant", {"premium": bool})
def set_tenant(ctx: Context, given: dict[str, Any]) -> Response:
    """What the tenant has: ``{"premium": false}`` takes Entra ID P1 away."""
    premium = given.get("premium")
    if premium is None:
        raise RefusedError(400, 'write {"premium": true} or {"premium": false}')
    with ctx.world.locked("entra"):
        ctx.world.entra.premium = premium
    ctx.world.changed.set()
    return json_reply({"premium": premium})

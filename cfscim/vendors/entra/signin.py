"""Signing in to Microsoft Graph as the stack's provider does: who, in which cloud, with what.

The order of the ways is the provider's. Only this file imports azure-identity, and only when asked.
Source: terraform-provider-azuread, internal/provider (provider.go, helpers.go), and go-azure-sdk,
sdk/auth/auth.go: certificate, secret, OIDC token, OIDC request (Azure DevOps, GitHub), managed
identity, Azure CLI; clouds: `GET /metadata/endpoints?api-version=2022-09-01`.
"""

import base64
import binascii
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from cfscim.config.clouds import CLOUDS, cloud_of_environment
from cfscim.config.messages import MissingError
from cfscim.config.provider_settings import (
    ENTRA_CERTIFICATE,
    ENTRA_CERTIFICATE_PASSWORD,
    ENTRA_CLIENT,
    ENTRA_CLOUD,
    ENTRA_METADATA,
    ENTRA_OIDC_TOKEN,
    ENTRA_REQUEST_TOKEN,
    ENTRA_REQUEST_URL,
    ENTRA_SECRET,
    ENTRA_TENANT,
)
from cfscim.vendors.entra import WRITE_JOBS
from cfscim.vendors.errors import AnswerError, UnreachableError, vendor_says
from cfscim.vendors.http import Answer, Call, HttpClient, in_time
from cfscim.vendors.network import ca_file, is_loopback, open_client, require_safe
from cfscim.vendors.pages import Reply, member, read
from cfscim.vendors.retries import SET_CLOCK, Policy, clock_words, delay, patience, time_left
from cfscim.vendors.settings import Settings, read_credential

_REQUEST_URLS = ("ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI")
_REQUEST_TOKENS = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN")
_CONNECTIONS = ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID")


@dataclass(frozen=True)
class Principal:
    """The application that signs in."""

    tenant_id: str
    client_id: str


@dataclass(frozen=True)
class Certificate:
    """By a certificate with its key, PKCS#12 (or PEM)."""

    principal: Principal
    data: bytes = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True)
class Secret:
    """By a client secret."""

    principal: Principal
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Federated:
    """By a token of another issuer: given, in a file, or asked for at an address.

    The file is read again for every sign-in, because its owner renews it. `connection` is set
    for Azure DevOps, whose endpoint is asked in another way than GitHub's.
    """

    principal: Principal
    token: str = field(default="", repr=False)
    token_file: str = ""
    request_url: str = ""
    request_token: str = field(default="", repr=False)
    connection: str = ""


@dataclass(frozen=True)
class ManagedIdentity:
    """By the machine's identity; `endpoint` replaces the address found by azure-identity."""

    client_id: str
    endpoint: str


@dataclass(frozen=True)
class AzureCli:
    """By whoever is logged in with `az login`."""

    tenant_id: str


Identity = Certificate | Secret | Federated | ManagedIdentity | AzureCli


def find_identity(settings: Settings) -> Identity:
    """The first way for which everything is set. Raises `MissingError` naming what to set."""
    workload = settings.flag("azuread:useAksWorkloadIdentity", "ARM_USE_AKS_WORKLOAD_IDENTITY")
    principal = _principal(settings, workload)
    if principal.tenant_id and principal.client_id:
        identity = _of_application(settings, principal, workload)
        if identity is not None:
            return identity
    if settings.flag("azuread:useMsi", "ARM_USE_MSI"):
        endpoint = settings.text("azuread:msiEndpoint", "ARM_MSI_ENDPOINT")
        return ManagedIdentity(principal.client_id, endpoint)
    if settings.flag("azuread:useCli", "ARM_USE_CLI", default=True):
        return AzureCli(principal.tenant_id)
    raise MissingError(
        "Entra sign-in: no credentials; nothing can be read or changed without them; set "
        "ARM_TENANT_ID and ARM_CLIENT_ID (azuread:tenantId, azuread:clientId) with "
        "ARM_CLIENT_SECRET, ARM_CLIENT_CERTIFICATE_PATH, or ARM_USE_OIDC=true and its token; "
        "or ARM_USE_MSI=true, or ARM_USE_CLI=true after `az login`"
    )


def _principal(settings: Settings, workload: bool) -> Principal:
    tenant = settings.text(*ENTRA_TENANT)
    client = _or_file(
        settings.text(*ENTRA_CLIENT),
        settings.text("azuread:clientIdFilePath", "ARM_CLIENT_ID_FILE_PATH"),
        f"{ENTRA_CLIENT.key} and azuread:clientIdFilePath",
    )
    if workload:
        # Kubernetes puts these into the pod; they must not contradict what is configured.
        injected = settings.text("", "AZURE_TENANT_ID")
        if tenant and injected and tenant != injected:
            raise _mismatch(f"{ENTRA_TENANT.key} and AZURE_TENANT_ID of the workload identity")
        tenant = injected or tenant
        client = client or settings.text("", "AZURE_CLIENT_ID")
    return Principal(tenant, client)


def _of_application(settings: Settings, who: Principal, workload: bool) -> Identity | None:
    data = settings.text(*ENTRA_CERTIFICATE)
    path = settings.text("azuread:clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH")
    if data or path:
        password = settings.text(*ENTRA_CERTIFICATE_PASSWORD)
        return Certificate(who, _decoded(data) if data else _bytes(path), password)
    secret = _or_file(
        settings.text(*ENTRA_SECRET),
        settings.text("azuread:clientSecretFilePath", "ARM_CLIENT_SECRET_FILE_PATH"),
        f"{ENTRA_SECRET.key} and azuread:clientSecretFilePath",
    )
    if secret:
        return Secret(who, secret)
    if workload or settings.flag("azuread:useOidc", "ARM_USE_OIDC"):
        return _federated(settings, who, workload)
    return None


def _federated(settings: Settings, who: Principal, workload: bool) -> Federated | None:
    token = settings.text(*ENTRA_OIDC_TOKEN)
    file = settings.text("azuread:oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH")
    if workload and not token and not file:
        file = settings.text("", "AZURE_FEDERATED_TOKEN_FILE")
    if file:
        _or_file(token, file, f"{ENTRA_OIDC_TOKEN.key} and azuread:oidcTokenFilePath")
        return Federated(who, token_file=file)
    if token:
        return Federated(who, token=token)
    url = settings.text(*ENTRA_REQUEST_URL, *_REQUEST_URLS)
    request_token = settings.text(*ENTRA_REQUEST_TOKEN, *_REQUEST_TOKENS)
    if url and request_token:
        connection = settings.text("azuread:adoPipelineServiceConnectionId", *_CONNECTIONS)
        return Federated(who, request_url=url, request_token=request_token, connection=connection)
    return None


def _or_file(value: str, path: str, names: str) -> str:
    if not path:
        return value
    content = _bytes(path).decode("utf-8", "replace").strip()
    if value and value != content:
        raise _mismatch(names)
    return content


def _bytes(path: str) -> bytes:
    try:
        return read_credential(path)
    except OSError as error:
        raise MissingError(
            "Entra sign-in",
            f"{path} cannot be read ({error.strerror})",
            "it was named as holding a credential",
            "name a file that this process may read",
        ) from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        raise MissingError(
            ENTRA_CERTIFICATE.either,
            "not base64",
            "the certificate cannot be read",
            "write the output of `base64 -w0 certificate.pfx`",
        ) from None


def _mismatch(names: str) -> MissingError:
    return MissingError(
        "Entra sign-in",
        f"{names} differ",
        "it is not clear which is meant",
        "remove one of them",
    )


@dataclass(frozen=True)
class Endpoints:
    """Graph's base address without version, and the authority that signs in (always https).

    `public`: it is the public cloud, whose directory of authorities knows it.
    """

    graph: str
    authority: str
    public: bool = False


class _Authentication(Reply):
    login_endpoint: str


class _Metadata(Reply):
    name: str
    microsoft_graph_resource_id: str
    authentication: _Authentication


def find_cloud(
    settings: Settings, policy: Policy, transport: httpx.BaseTransport | None = None
) -> Endpoints:
    """The cloud the stack's provider would use. Raises `MissingError` or `AnswerError`."""
    host = settings.text(*ENTRA_METADATA)
    if host:
        return _from_metadata(host, settings, policy, transport)
    name = settings.text(*ENTRA_CLOUD, default="global")
    cloud = cloud_of_environment(name)
    if cloud is None:
        known = ", ".join(name for each in CLOUDS.values() for name in each.environments)
        raise MissingError(
            ENTRA_CLOUD.either,
            f"{name} is no cloud of Microsoft's",
            "nobody can sign in without knowing where",
            f"write one of {known}",
        )
    return Endpoints(cloud.graph, cloud.login, public=cloud.name == "global")


def _from_metadata(
    host: str, settings: Settings, policy: Policy, transport: httpx.BaseTransport | None
) -> Endpoints:
    base = require_safe(f"https://{host}", ENTRA_METADATA.either)
    client = open_client(base, settings.env, policy, transport=transport)
    with HttpClient("Azure", base, client, policy=policy) as http:
        answer = http.get("/metadata/endpoints", {"api-version": "2022-09-01"})
    metadata = read(_Metadata, answer.body, answer.where)
    login = metadata.authentication.login_endpoint.rstrip("/")
    # azure-identity signs in over TLS only; a plain login is one on loopback, where the metadata
    # host, which is always TLS, serves it too.
    authority = login if login.startswith("https://") else base
    graph = require_safe(
        metadata.microsoft_graph_resource_id, f"{ENTRA_METADATA.either} (Graph's address)"
    )
    return Endpoints(graph, authority)


if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

WHERE = "Entra sign-in"
_TIMESTAMP = re.compile(r"Timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)Z")
_AUDIENCE = "api://AzureADTokenExchange"
# A token that ends while a long answer is under way is of no use.
_EARLY_SECONDS = 120
_TRIES = 3


class Credential(Protocol):
    """What azure-identity's credentials have in common."""

    def get_token(self, *scopes: str) -> "AccessToken":
        """A token and when it ends (`expires_on`, seconds since 1970)."""
        ...


class GraphTokens:
    """Fetches tokens for Graph and keeps the current one; shared by threads."""

    def __init__(
        self, credential: Credential, scope: str, authority: str, policy: Policy | None = None
    ) -> None:
        self._credential = credential
        self._scope = scope
        self._authority = authority
        self._policy = policy or Policy()
        self._lock = threading.Lock()
        self._token: AccessToken | None = None

    def value(self) -> str:
        """A token that is still good for a while. Raises `AnswerError` or `MissingError`."""
        with self._lock:
            if self._token is None or self._token.expires_on - time.time() < _EARLY_SECONDS:
                self._token = self._fetch()
            return self._token.token

    def _fetch(self) -> "AccessToken":
        # azure-identity repeats what was refused or throttled, not what broke off half-way.
        for attempt in range(1, _TRIES):
            try:
                return self._ask()
            except AnswerError as error:
                if error.kind not in ("unavailable", "malformed"):
                    raise
                time.sleep(delay(error, attempt, self._policy))
        return self._ask()

    def _ask(self) -> "AccessToken":
        from azure.core.exceptions import (
            AzureError,
            ClientAuthenticationError,
            ServiceRequestError,
        )
        from azure.identity import CredentialUnavailableError

        try:
            # Its own time-outs are for each piece of an answer.
            seconds = max(0.1, min(self._policy.total, time_left()))
            return in_time(seconds, WHERE, lambda: self._credential.get_token(self._scope))
        except CredentialUnavailableError as error:
            raise MissingError(
                WHERE,
                _said(error),
                "nothing can be read or changed without it",
                "run `az login`, or set ARM_CLIENT_ID, ARM_TENANT_ID and a secret, certificate or "
                "OIDC token",
            ) from None
        except ClientAuthenticationError as error:
            # Whatever azure-identity stumbles over it calls a failed authentication.
            cause = error.__cause__
            if isinstance(cause, ServiceRequestError):
                raise self._unreachable(cause) from None
            if isinstance(cause, AzureError):
                raise AnswerError("unavailable", WHERE, _said(cause)) from None
            if isinstance(cause, AttributeError | LookupError | TypeError | ValueError):
                raise AnswerError("malformed", WHERE, "an answer that is no token") from None
            off = _clock_off(error)
            raise AnswerError(
                "unauthorized",
                WHERE,
                f"{_said(error)}, and {off}" if off else _said(error),
                instead=SET_CLOCK
                if off
                else "check tenant, client and the secret, certificate or federated credential",
            ) from None
        except ServiceRequestError as error:
            raise self._unreachable(error) from None
        except OSError as error:
            raise MissingError(
                WHERE,
                f"the OIDC token's file cannot be read ({error.strerror})",
                "Entra is shown its content instead of a secret",
                "check ARM_OIDC_TOKEN_FILE_PATH",
            ) from None
        except (AzureError, ValueError) as error:
            raise AnswerError("unavailable", WHERE, _said(error)) from None

    def _unreachable(self, error: Exception) -> UnreachableError:
        # requests hands on what was wrong as text alone.
        untrusted = "certificate verify failed" in str(error).lower()
        return UnreachableError.of(WHERE, self._authority, untrusted=untrusted)


def _clock_off(error: Exception) -> str:
    """What a refusal's own time says of this machine's clock: an assertion is good by the minute.

    Source: Microsoft's AADSTS errors end in `Timestamp: 2026-11-26 16:43:24Z`, by their clock.
    """
    match = _TIMESTAMP.search(str(error))
    if match is None:
        return ""
    at = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return clock_words(at.timestamp(), time.time())


class EndpointIdentity:
    """Managed identity at an endpoint of its own (the provider's `msi_endpoint`).

    Source: go-azure-sdk, managed_identity_authorizer.go; azure-identity takes no endpoint.
    """

    def __init__(self, http: HttpClient, client_id: str) -> None:
        self._http = http
        self._client_id = client_id

    def get_token(self, *scopes: str) -> "AccessToken":
        """Asks for the scopes' resource. Raises `AnswerError`."""
        from azure.core.credentials import AccessToken

        query = {"api-version": "2018-02-01", "resource": scopes[0].removesuffix("/.default")}
        if self._client_id:
            query["client_id"] = self._client_id
        answer = self._http.send(Call("GET", "", query, headers={"Metadata": "true"}))
        token, seconds = member(answer, "access_token"), str(member(answer, "expires_in"))
        if not isinstance(token, str) or not seconds.isdigit():
            raise AnswerError("malformed", answer.where, "an answer without a token")
        return AccessToken(token, int(time.time()) + int(seconds))


def credential_for(
    identity: Identity,
    cloud: Endpoints,
    settings: Settings,
    policy: Policy,
    transport: httpx.BaseTransport | None = None,
) -> Credential:
    """The azure-identity credential for this identity. Raises `MissingError`.

    `transport` stands in for the network towards OIDC issuers and managed identity in tests.
    """
    from azure import identity as azure

    _silence("azure", "msal")
    sign_in = _sign_in(cloud, settings, policy)
    match identity:
        case Secret(who, secret):
            return azure.ClientSecretCredential(who.tenant_id, who.client_id, secret, **sign_in)
        case Certificate(who, data, password):
            try:
                return azure.CertificateCredential(
                    who.tenant_id,
                    who.client_id,
                    certificate_data=data,
                    password=password or None,
                    **sign_in,
                )
            except ValueError:
                raise MissingError(
                    WHERE,
                    "the client certificate cannot be opened",
                    "nobody can sign in with it",
                    "check that it is PKCS#12 with its key, and the password",
                ) from None
        case Federated(who) if identity.connection:
            # azure-identity reads the address of the pipeline's own environment.
            return azure.AzurePipelinesCredential(
                tenant_id=who.tenant_id,
                client_id=who.client_id,
                service_connection_id=identity.connection,
                system_access_token=identity.request_token,
                **sign_in,
            )
        case Federated(who):
            ask = _assertion(identity, settings, policy, transport)
            return azure.ClientAssertionCredential(who.tenant_id, who.client_id, ask, **sign_in)
        case ManagedIdentity(client_id, endpoint):
            if endpoint:
                client = open_client(endpoint, settings.env, policy, transport=transport)
                http = HttpClient("Managed identity", endpoint, client, policy=policy)
                return EndpointIdentity(http, client_id)
            return azure.ManagedIdentityCredential(client_id=client_id or None)
        case AzureCli(tenant_id):
            return azure.AzureCliCredential(tenant_id=tenant_id)


def _sign_in(cloud: Endpoints, settings: Settings, policy: Policy) -> dict[str, Any]:
    """How azure-identity asks the cloud's authority, whatever the credential."""
    return {
        "retry_total": min(policy.attempts - 1, 3),
        # What cannot be reached is tried again with the call that needed it.
        "retry_connect": 0,
        "retry_backoff_factor": policy.first_delay,
        "retry_backoff_max": policy.longest_delay,
        "connection_timeout": min(policy.connect, patience()),
        "read_timeout": policy.read,
        # requests knows REQUESTS_CA_BUNDLE only; the providers read SSL_CERT_FILE.
        "connection_verify": ca_file(settings.env) or True,
        # requests would send loopback through a proxy.
        "use_env_settings": not is_loopback(cloud.authority),
        "authority": cloud.authority,
        # Only the public cloud's directory of authorities knows its own authorities.
        "disable_instance_discovery": not cloud.public,
    }


def _assertion(
    identity: Federated,
    settings: Settings,
    policy: Policy,
    transport: httpx.BaseTransport | None,
) -> Callable[[], str]:
    if identity.token:
        return lambda: identity.token
    if identity.token_file:
        return lambda: _bytes(identity.token_file).decode("utf-8", "replace").strip()
    base = require_safe(identity.request_url, ENTRA_REQUEST_URL.either)
    client = open_client(base, settings.env, policy, transport=transport)
    bearer = f"Bearer {identity.request_token}"
    http = HttpClient(
        "OIDC issuer",
        base,
        client,
        authorize=lambda _method, _url: {"Authorization": bearer},
        policy=policy,
    )
    return lambda: _ask_issuer(http)


def _ask_issuer(http: HttpClient) -> str:
    """A token from GitHub's endpoint, or one that answers as GitHub's."""
    given = dict(httpx.QueryParams(http.base.partition("?")[2]))
    # What the address says itself stays as it is.
    call = Call(
        "GET",
        "",
        {"audience": _AUDIENCE, **given},
        why="Entra is shown this token instead of a secret",
        instead="give the job `id-token: write`",
    )
    answer = http.send(call)
    token = member(answer, "value")
    if not isinstance(token, str) or not token:
        raise AnswerError("malformed", answer.where, "an answer without value")
    return token


def _silence(*libraries: str) -> None:
    # Where a program has no logging of its own, Python prints their warnings to standard error:
    # the same failure again, in another voice.
    for name in libraries:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())


def _said(error: Exception) -> str:
    """The first sentence that matters; what follows are trace ids and links to troubleshooting."""
    text = str(error).split("Trace ID:")[0].split("Content:")[0]
    return vendor_says(" ".join(text.split())).rstrip(". ")


VENDOR = "Microsoft Graph"


class GraphHttp(HttpClient):
    """Knows Graph's refusal without a word: 401 `UnknownError` means a missing permission.

    Source (P): microsoft-graph-docs-contrib #8800, of `/synchronization/` calls.
    """

    def send(self, call: Call) -> Answer:
        """The vendor's answer. Raises `AnswerError`, "forbidden" for the refusal without a word."""
        if "/synchronization/" in call.path and not call.needs:
            call = replace(call, needs=WRITE_JOBS)  # of the provider's own calls, in rehearsal
        try:
            return super().send(call)
        except AnswerError as error:
            if error.status != 401 or error.code != "UnknownError" or error.says:
                raise
            raise AnswerError(
                "forbidden",
                error.message.where.about,
                "answered 401 without a reason, which is how Entra says that a permission is "
                "missing",
                why=call.why,
                instead=f"grant {call.needs or WRITE_JOBS} (docs/permissions.md)",
                status=401,
                code=error.code,
            ) from None


def graph_http(
    config: Mapping[str, str],
    env: Mapping[str, str],
    *,
    policy: Policy | None = None,
) -> HttpClient:
    """A client for Graph whose requests are signed; paths begin with the version (`/v1.0/…`).

    Raises `MissingError` naming what to set, or `AnswerError` where the cloud's metadata cannot
    be read. The first request signs in.
    """
    settings, policy = Settings(config, env), policy or Policy()
    identity = find_identity(settings)
    cloud = find_cloud(settings, policy)
    credential = credential_for(identity, cloud, settings, policy)
    tokens = GraphTokens(credential, f"{cloud.graph}/.default", cloud.authority, policy)
    client = open_client(cloud.graph, env, policy)
    http = GraphHttp(
        VENDOR,
        cloud.graph,
        client,
        authorize=lambda _method, _url: {"Authorization": f"Bearer {tokens.value()}"},
        credentials="the Entra credentials (azuread:* or ARM_*)",
        policy=policy,
    )
    if isinstance(identity, Secret):
        http.hide(identity.secret)
    if isinstance(identity, Federated) and identity.token:
        http.hide(identity.token)
    return http

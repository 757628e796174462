"""Who signs in to Entra: what the provider's settings say, in the provider's order.

Source: terraform-provider-azuread, internal/provider (provider.go, helpers.go), and
go-azure-sdk, sdk/auth/auth.go: certificate, secret, OIDC token, OIDC request (Azure DevOps,
GitHub), managed identity, Azure CLI.
"""

import base64
import binascii
from dataclasses import dataclass, field
from pathlib import Path

from cfscim.config.messages import MissingError
from cfscim.vendors.settings import Settings

_REQUEST_URLS = ("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI")
_REQUEST_TOKENS = (
    "ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN"
)  # fmt: skip
_CONNECTIONS = (
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID"
)  # fmt: skip


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
    """By the machine's identity; `endpoint` replaces the one found by azure-identity."""

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
        found = _of_application(settings, principal, workload)
        if found is not None:
            return found
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
    tenant = settings.text("azuread:tenantId", "ARM_TENANT_ID")
    client = _or_file(
        settings.text("azuread:clientId", "ARM_CLIENT_ID"),
        settings.text("azuread:clientIdFilePath", "ARM_CLIENT_ID_FILE_PATH"),
        "azuread:clientId and azuread:clientIdFilePath",
    )
    if workload:
        # Kubernetes puts these into the pod; they must not contradict what is configured.
        injected = settings.text("", "AZURE_TENANT_ID")
        if tenant and injected and tenant != injected:
            raise _mismatch("azuread:tenantId and AZURE_TENANT_ID of the workload identity")
        tenant = injected or tenant
        client = client or settings.text("", "AZURE_CLIENT_ID")
    return Principal(tenant, client)


def _of_application(settings: Settings, who: Principal, workload: bool) -> Identity | None:
    data = settings.text("azuread:clientCertificate", "ARM_CLIENT_CERTIFICATE")
    path = settings.text("azuread:clientCertificatePath", "ARM_CLIENT_CERTIFICATE_PATH")
    if data or path:
        password = settings.text(
            "azuread:clientCertificatePassword", "ARM_CLIENT_CERTIFICATE_PASSWORD"
        )
        return Certificate(who, _decoded(data) if data else _bytes(path), password)
    secret = _or_file(
        settings.text("azuread:clientSecret", "ARM_CLIENT_SECRET"),
        settings.text("azuread:clientSecretFilePath", "ARM_CLIENT_SECRET_FILE_PATH"),
        "azuread:clientSecret and azuread:clientSecretFilePath",
    )
    if secret:
        return Secret(who, secret)
    if workload or settings.flag("azuread:useOidc", "ARM_USE_OIDC"):
        return _federated(settings, who, workload)
    return None


def _federated(settings: Settings, who: Principal, workload: bool) -> Federated | None:
    token = settings.text("azuread:oidcToken", "ARM_OIDC_TOKEN")
    file = settings.text("azuread:oidcTokenFilePath", "ARM_OIDC_TOKEN_FILE_PATH")
    if workload and not token and not file:
        file = settings.text("", "AZURE_FEDERATED_TOKEN_FILE")
    if file:
        _or_file(token, file, "azuread:oidcToken and azuread:oidcTokenFilePath")
        return Federated(who, token_file=file)
    if token:
        return Federated(who, token=token)
    url = settings.text("azuread:oidcRequestUrl", *_REQUEST_URLS)
    request_token = settings.text("azuread:oidcRequestToken", *_REQUEST_TOKENS)
    if url and request_token:
        connection = settings.text("azuread:adoPipelineServiceConnectionId", *_CONNECTIONS)
        return Federated(who, request_url=url, request_token=request_token, connection=connection)
    return None


def _or_file(value: str, path: str, names: str) -> str:
    if not path:
        return value
    found = _bytes(path).decode("utf-8", "replace").strip()
    if value and value != found:
        raise _mismatch(names)
    return found


def _bytes(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
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
            "azuread:clientCertificate or ARM_CLIENT_CERTIFICATE",
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

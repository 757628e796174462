"""From an identity to access tokens, through azure-identity, which only this file imports."""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import httpx

from cfscim.config.messages import MissingError
from cfscim.vendors.entra.cloud import Cloud
from cfscim.vendors.entra.identity import (
    AzureCli,
    Certificate,
    Federated,
    Identity,
    ManagedIdentity,
    Secret,
)
from cfscim.vendors.errors import AnswerError, UnreachableError, vendor_says
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.network import ca_file, is_loopback, open_client, require_safe
from cfscim.vendors.pages import member
from cfscim.vendors.retries import Policy, delay
from cfscim.vendors.settings import Settings

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

WHERE = "Entra sign-in"
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
            return self._credential.get_token(self._scope)
        except CredentialUnavailableError as error:
            raise MissingError(
                WHERE,
                f"{_said(error)}",
                "nothing can be read or changed without it",
                "run `az login`, or set ARM_CLIENT_ID, ARM_TENANT_ID and a secret, certificate or "
                "OIDC token",
            ) from None
        except ClientAuthenticationError as error:
            # Whatever azure-identity stumbles over it calls a failed authentication.
            cause = error.__cause__
            if isinstance(cause, ServiceRequestError):
                raise self._unreachable() from None
            if isinstance(cause, AzureError):
                raise AnswerError("unavailable", WHERE, _said(cause)) from None
            if isinstance(cause, AttributeError | LookupError | TypeError | ValueError):
                raise AnswerError("malformed", WHERE, "an answer that is no token") from None
            raise AnswerError(
                "unauthorized",
                WHERE,
                _said(error),
                instead="check tenant, client and the secret, certificate or federated credential",
            ) from None
        except ServiceRequestError:
            raise self._unreachable() from None
        except OSError as error:
            raise MissingError(
                WHERE,
                f"the OIDC token's file cannot be read ({error.strerror})",
                "Entra is shown its content instead of a secret",
                "check ARM_OIDC_TOKEN_FILE_PATH",
            ) from None
        except (AzureError, ValueError) as error:
            raise AnswerError("unavailable", WHERE, _said(error)) from None

    def _unreachable(self) -> UnreachableError:
        return UnreachableError("unreachable", WHERE, f"{self._authority} does not answer")


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
    cloud: Cloud,
    settings: Settings,
    policy: Policy,
    transport: httpx.BaseTransport | None = None,
) -> Credential:
    """The azure-identity credential for this identity. Raises `MissingError`.

    `transport` stands in for the network towards OIDC issuers and managed identity in tests.
    """
    from azure import identity as azure

    _silence("azure", "msal")
    options = {
        "retry_total": min(policy.attempts - 1, 3),
        "retry_backoff_factor": policy.first_delay,
        "retry_backoff_max": policy.longest_delay,
        "connection_timeout": policy.connect,
        "read_timeout": policy.read,
        # requests knows REQUESTS_CA_BUNDLE only; the providers read SSL_CERT_FILE.
        "connection_verify": ca_file(settings.env) or True,
        # requests would send loopback through a proxy.
        "use_env_settings": not is_loopback(cloud.authority),
    }
    sign_in = {
        **options,
        "authority": cloud.authority,
        # Only the public cloud's directory of authorities knows its own authorities.
        "disable_instance_discovery": not cloud.public,
    }
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


def _assertion(
    identity: Federated,
    settings: Settings,
    policy: Policy,
    transport: httpx.BaseTransport | None,
) -> Callable[[], str]:
    if identity.token:
        return lambda: identity.token
    if identity.token_file:
        return lambda: Path(identity.token_file).read_text(encoding="utf-8").strip()
    base = require_safe(identity.request_url, "azuread:oidcRequestUrl or ARM_OIDC_REQUEST_URL")
    client = open_client(base, settings.env, policy, transport=transport)
    bearer = f"Bearer {identity.request_token}"
    http = HttpClient(
        "OIDC issuer",
        base,
        client,
        authorize=lambda _method, _url: {"Authorization": bearer},
        policy=policy,
    )
    return lambda: _ask_issuer(http, identity.connection)


def _ask_issuer(http: HttpClient, connection: str) -> str:
    """A token from GitHub's or, with a service connection, Azure DevOps' endpoint."""
    if connection:
        query, name = {"api-version": "7.1", "serviceConnectionId": connection}, "oidcToken"
    else:
        query, name = {"audience": _AUDIENCE}, "value"
    given = dict(httpx.QueryParams(http.base.partition("?")[2]))
    answer = http.send(
        Call(
            "POST" if connection else "GET",
            "",
            # What the address says itself stays as it is.
            {**query, **given},
            repeatable=True,
            why="Entra is shown this token instead of a secret",
            instead="give the job `id-token: write` (GitHub) or the service connection",
        )
    )
    token = member(answer, name)
    if not isinstance(token, str) or not token:
        raise AnswerError("malformed", answer.where, f"an answer without {name}")
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

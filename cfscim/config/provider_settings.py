"""The settings that the three providers know, and what was meant by another one."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cfscim.config.credentials import shown
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import CONFIG_KEY, Message, MissingError, Where

SETTINGS: Mapping[str, tuple[str, ...]] = {
    "cloudflare": (
        *("apiKey", "apiToken", "apiUserServiceKey", "baseUrl", "email"),
        "userAgentOperatorSuffix",
    ),
    "okta": (
        *("accessToken", "apiToken", "backoff", "baseUrl", "clientId", "httpProxy", "logLevel"),
        *("maxApiCapacity", "maxRetries", "maxWaitSeconds", "minWaitSeconds", "orgName"),
        *("parallelism", "privateKey", "privateKeyId", "requestTimeout", "scopes"),
    ),
    "azuread": (
        *("adoPipelineServiceConnectionId", "clientCertificate", "clientCertificatePassword"),
        *("clientCertificatePath", "clientId", "clientIdFilePath", "clientSecret"),
        *("clientSecretFilePath", "disableTerraformPartnerId", "environment", "metadataHost"),
        *("msiEndpoint", "oidcRequestToken", "oidcRequestUrl", "oidcToken", "oidcTokenFilePath"),
        *("partnerId", "tenantId", "useAksWorkloadIdentity", "useCli", "useMsi", "useOidc"),
    ),
}
"""By provider, as the pinned SDKs list them (`pulumi_<provider>/config`; a test compares)."""


class Setting(NamedTuple):
    """A setting in the stack's config, and the environment variable that stands in for it."""

    key: str
    variable: str

    @property
    def either(self) -> str:
        """Both, as a message names them."""
        return f"{self.key} or {self.variable}"

    @property
    def both(self) -> str:
        """The variable first, as somebody sets it."""
        return f"{self.variable} ({self.key})"


CLOUDFLARE_BASE_URL = Setting("cloudflare:baseUrl", "CLOUDFLARE_BASE_URL")
CLOUDFLARE_TOKEN = Setting("cloudflare:apiToken", "CLOUDFLARE_API_TOKEN")
CLOUDFLARE_KEY = Setting("cloudflare:apiKey", "CLOUDFLARE_API_KEY")
CLOUDFLARE_EMAIL = Setting("cloudflare:email", "CLOUDFLARE_EMAIL")
OKTA_ORG_NAME = Setting("okta:orgName", "OKTA_ORG_NAME")
OKTA_BASE_URL = Setting("okta:baseUrl", "OKTA_BASE_URL")
OKTA_PROXY = Setting("okta:httpProxy", "OKTA_HTTP_PROXY")
OKTA_ACCESS_TOKEN = Setting("okta:accessToken", "OKTA_ACCESS_TOKEN")
OKTA_API_TOKEN = Setting("okta:apiToken", "OKTA_API_TOKEN")
OKTA_CLIENT = Setting("okta:clientId", "OKTA_API_CLIENT_ID")
OKTA_KEY = Setting("okta:privateKey", "OKTA_API_PRIVATE_KEY")
OKTA_KEY_ID = Setting("okta:privateKeyId", "OKTA_API_PRIVATE_KEY_ID")
OKTA_SCOPES = Setting("okta:scopes", "OKTA_API_SCOPES")
ENTRA_TENANT = Setting("azuread:tenantId", "ARM_TENANT_ID")
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""How Microsoft writes ids, that of a tenant among them; ask `fullmatch`."""
ENTRA_CLIENT = Setting("azuread:clientId", "ARM_CLIENT_ID")
ENTRA_CERTIFICATE = Setting("azuread:clientCertificate", "ARM_CLIENT_CERTIFICATE")
ENTRA_CERTIFICATE_PASSWORD = Setting(
    "azuread:clientCertificatePassword", "ARM_CLIENT_CERTIFICATE_PASSWORD"
)
ENTRA_SECRET = Setting("azuread:clientSecret", "ARM_CLIENT_SECRET")
ENTRA_OIDC_TOKEN = Setting("azuread:oidcToken", "ARM_OIDC_TOKEN")
ENTRA_REQUEST_TOKEN = Setting("azuread:oidcRequestToken", "ARM_OIDC_REQUEST_TOKEN")
ENTRA_REQUEST_URL = Setting("azuread:oidcRequestUrl", "ARM_OIDC_REQUEST_URL")
ENTRA_CLOUD = Setting("azuread:environment", "ARM_ENVIRONMENT")
ENTRA_METADATA = Setting("azuread:metadataHost", "ARM_METADATA_HOSTNAME")
"""What is asked for here (the providers' configuration pages)."""
CREDENTIALS = frozenset(
    {
        "cloudflare:apiUserServiceKey",
        *(CLOUDFLARE_KEY.key, CLOUDFLARE_TOKEN.key),
        *(OKTA_ACCESS_TOKEN.key, OKTA_API_TOKEN.key, OKTA_KEY.key),
        *(ENTRA_CERTIFICATE.key, ENTRA_CERTIFICATE_PASSWORD.key, ENTRA_SECRET.key),
        *(ENTRA_OIDC_TOKEN.key, ENTRA_REQUEST_TOKEN.key),
    }
)
"""Settings that are credentials."""
MAY_BE_ENCRYPTED = CREDENTIALS | {
    *(CLOUDFLARE_EMAIL.key, OKTA_CLIENT.key, OKTA_KEY_ID.key, ENTRA_CLIENT.key)
}
"""Settings that say who signs in. Every other one says where to, and must be readable."""

_OTHER_NAMES = {"entra": "azuread", "azure": "azuread", "aad": "azuread", "cf": "cloudflare"}


def near_misses(config: Mapping[object, object]) -> Iterator[Message]:
    """Settings beside the config object that no provider knows, with the setting that was meant."""
    for given in map(str, config):
        namespace, colon, key = given.partition(":")
        if not colon or given == CONFIG_KEY or key.startswith("config:"):
            continue
        provider = namespace if namespace in SETTINGS else None
        provider = provider or _OTHER_NAMES.get(namespace.lower())
        provider = provider or nearest(namespace, list(SETTINGS))
        if provider is None or (provider == namespace and key in SETTINGS[provider]):
            continue
        meant = key if key in SETTINGS[provider] else nearest(key, list(SETTINGS[provider]))
        if meant is None and provider != namespace:
            continue  # another provider's, whose name only looks like one of ours
        yield Message(
            where=Where((given,)),
            what=f"{shown(given)} is no setting of the provider {provider}",
            why="the engine refuses it or passes it over, and what was meant has no effect",
            instead=f"write {provider}:{meant}" if meant else "remove it",
            secret=True,
        )


OKTA_DOMAINS = ("okta.com", "oktapreview.com", "okta-emea.com", "okta-gov.com", "okta.mil")
"""Where organisations live. An organisation's own domain has no admin console (D)."""
NOT_OKTAS = (
    "no domain of Okta's own",
    "an organisation's own (vanity) domain has no admin console, so every link would lead nowhere, "
    "and who signs in there could be anybody",
    f"write the domain of the organisation's Okta address: {', '.join(OKTA_DOMAINS)}",
)
"""What is wrong with another domain, why, and what to write instead."""


def okta_domain(configured: str | None, environment: Mapping[str, str]) -> str:
    """The domain that the provider uses. Raises `MissingError` where it is none of Okta's."""
    named = (configured or "").strip() or environment.get(OKTA_BASE_URL.variable, "").strip()
    domain = named.lower() or OKTA_DOMAINS[0]
    if domain not in OKTA_DOMAINS:
        raise MissingError(OKTA_BASE_URL.either, *NOT_OKTAS)
    return domain


def okta_organisation(configured: str | None, environment: Mapping[str, str]) -> str:
    """The organisation that the provider uses: its setting, else the environment; may be empty."""
    return (configured or "").strip() or environment.get(OKTA_ORG_NAME.variable, "").strip()

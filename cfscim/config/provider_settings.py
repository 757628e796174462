"""The settings that the three providers know, and what was meant by one they do not."""

from collections.abc import Iterator, Mapping

from cfscim.config.credentials import shown
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import CONFIG_KEY, Message, Where

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

_OTHER_NAMES = {"entra": "azuread", "azure": "azuread", "aad": "azuread", "cf": "cloudflare"}


def near_misses(config: Mapping[object, object]) -> Iterator[Message]:
    """Settings beside the config object that no provider knows, with the one that was meant."""
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

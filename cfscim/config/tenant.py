"""Whether the credentials in use are of the Okta organisation and of the Microsoft cloud that the
config names: with another one's in the environment everything would be made there, without a word.
"""

from collections.abc import Mapping

from cfscim.config.clouds import CLOUDS, EACH_ITS_OWN, CloudName
from cfscim.config.lanes import lanes
from cfscim.config.messages import MissingError
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.provider_settings import (
    ENTRA_CLOUD,
    ENTRA_METADATA,
    OKTA_BASE_URL,
    OKTA_DOMAINS,
    OKTA_ORG_NAME,
    okta_domain,
    okta_organisation,
)

ASKED = tuple(
    setting.key.split(":")
    for setting in (OKTA_ORG_NAME, OKTA_BASE_URL, ENTRA_CLOUD, ENTRA_METADATA)
)
"""The stack's settings that decide it: provider and key."""


def require_tenant(
    config: ScimConfig, settings: Mapping[str, str], environment: Mapping[str, str]
) -> str:
    """Raises `MissingError` where organisation or cloud are others than the config's.

    `settings`: the stack's, by key. Out: the domain of the Okta organisation, for links.
    """
    domain = OKTA_DOMAINS[0]
    for provider in (lane.config.identity_provider for lane in lanes(config)):
        if isinstance(provider, OktaConfig):
            _require_organisation(provider.org_name, settings, environment)
            domain = okta_domain(settings.get(OKTA_BASE_URL.key), environment)
        else:
            require_cloud(provider.cloud, settings, environment)
    return domain


def _require_organisation(
    declared: str, settings: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Where none is named the provider itself says so."""
    name = okta_organisation(settings.get(OKTA_ORG_NAME.key), environment)
    if name and name.lower() != declared.lower():
        raise MissingError(
            OKTA_ORG_NAME.either,
            f"{name} is not identityProvider.orgName {declared}",
            "everything would be made in the other organisation",
            f"set it to {declared}, with credentials of that organisation",
        )


def require_cloud(
    declared: CloudName, settings: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Raises `MissingError` where the cloud in use is another than `declared`.

    Where none is named the sign-in itself says so, and of a metadata host only it knows which
    cloud it is of.
    """
    name, metadata = (
        settings.get(setting.key, "").strip() or environment.get(setting.variable, "").strip()
        for setting in (ENTRA_CLOUD, ENTRA_METADATA)
    )
    environments = CLOUDS[declared].environments
    if name and not metadata and name.lower() not in environments:
        raise MissingError(
            ENTRA_CLOUD.either,
            f"{name} is not identityProvider.cloud {declared}",
            EACH_ITS_OWN,
            f"set it to {environments[0]}, with credentials of that cloud",
        )

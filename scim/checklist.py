"""The steps of the guide that no vendor's API covers, with the exact values to enter."""

from scim.config import ScimConfig
from scim.identity import OktaConfig
from scim.names import scim_base_url


def remaining_steps(config: ScimConfig, *, app_id: str) -> list[str]:
    """What a person has to do by hand, one step an entry, never with the token value in it."""
    provider = config.identity_provider
    if isinstance(provider, OktaConfig):
        return _okta(config, provider, app_id)
    return []


def _okta(config: ScimConfig, okta: OktaConfig, app_id: str) -> list[str]:
    link = (
        f"https://{okta.org_name}-admin.okta.com/admin/app/{okta.catalog_app}"
        f"/instance/{app_id}/#tab-provisioning"
    )
    return [f"Open {link}", f"SCIM 2.0 Base Url: {scim_base_url(config)}"]

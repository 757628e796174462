"""The four keys that Entra keeps for a provisioning job, and the value each has to have.

The job's secret, the look for further keys and `verify` read them here. Source: guide, "Provision
using Microsoft Entra"; names from Microsoft Graph's synchronizationSecretKeyStringValuePair.
"""

import json
from collections.abc import Mapping
from enum import StrEnum

from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import scim_base_url


class Key(StrEnum):
    """A key of the job, in the order in which they are sent."""

    TENANT_URL = "BaseAddress"
    TOKEN = "SecretToken"  # noqa: S105  a name, no secret
    NOTIFICATIONS = "SyncNotificationSettings"
    EVERYBODY = "SyncAll"


def tenant_url(config: ScimConfig) -> str:
    """The guide's tenant URL, with the suffix that switches Entra's SCIM dialect when given."""
    return scim_base_url(config) + config.entra.tenant_url_suffix


def everybody(entra: EntraConfig) -> str:
    """`true` where all users are in scope, `false` for the assigned ones only."""
    return "true" if entra.scope == "filtered" else "false"


def notifications(entra: EntraConfig) -> str:
    """JSON text with the failure mail and the brake on accidental deletions."""
    settings: dict[str, object] = {"Enabled": entra.notification_email is not None}
    if entra.notification_email is not None:
        settings["Recipients"] = entra.notification_email
    settings["DeleteThresholdEnabled"] = entra.deletion_threshold is not None
    if entra.deletion_threshold is not None:
        settings["DeleteThresholdValue"] = entra.deletion_threshold
    return json.dumps(settings, separators=(",", ":"))


def notifications_in_words(text: str | None) -> str:
    """What such a text says: `mail to it@example.com, at most 10 deletions`."""
    try:
        settings = json.loads(text) if text else {}
    except ValueError:
        settings = {}
    if not isinstance(settings, Mapping):
        settings = {}
    mail = settings.get("Recipients") if settings.get("Enabled") else None
    limit = settings.get("DeleteThresholdValue") if settings.get("DeleteThresholdEnabled") else None
    brake = f"at most {limit} deletions" if limit else "no deletion threshold"
    return f"mail to {mail or 'nobody'}, {brake}"

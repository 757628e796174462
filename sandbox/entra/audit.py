"""The directory's audit log: who was put into which group, and what was done to a provisioning job.

Source (D): https://learn.microsoft.com/graph/api/directoryaudit-list (both permissions are needed),
https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities (the names).
Filtering by a target's id together with the time is what public scripts do (P); which targets an
entry names beside the documented example is inferred (I). Here it does not lag.
"""

from pydantic import JsonValue

from sandbox.entra.models import Entity, EntraState, now

ENABLED, DISABLED = "Enable account", "Disable account"
_MAX_ENTRIES = 10_000
_TYPES = {"user": "User", "group": "Group", "servicePrincipal": "ServicePrincipal"}
_PROVISIONING = "provisioning"


def write(state: EntraState, activity: str, *about: Entity) -> None:
    """Add an entry about the objects, the one that was changed first."""
    by_job = _PROVISIONING in activity or "mappings" in activity
    targets: list[JsonValue] = [_target(entity) for entity in about]
    entry: dict[str, JsonValue] = {
        "id": state.new_id("audit"),
        "category": _category(activity, by_job=by_job),
        "correlationId": state.new_id("correlation"),
        "result": "success",
        "resultReason": "",
        "activityDisplayName": activity,
        "activityDateTime": now(),
        "loggedByService": "Account Provisioning" if by_job else "Core Directory",
        "operationType": activity.partition(" ")[0],
        "initiatedBy": {
            "user": None,
            "app": {
                "appId": state.caller_app_id,
                "displayName": "cloudflare-scim automation",
                "servicePrincipalId": state.caller_id,
                "servicePrincipalName": None,
            },
        },
        "targetResources": targets,
        "additionalDetails": [],
    }
    state.audit.append(entry)
    del state.audit[:-_MAX_ENTRIES]


def _category(activity: str, *, by_job: bool) -> str:
    if activity in (ENABLED, DISABLED):
        return "UserManagement"
    return "ProvisioningManagement" if by_job else "GroupManagement"


def _target(entity: Entity) -> JsonValue:
    return {
        "id": entity.id,
        "displayName": entity.properties.get("displayName"),
        "type": _TYPES.get(entity.kind, "Other"),
        "userPrincipalName": entity.properties.get("userPrincipalName"),
        "groupType": "azureAD" if entity.kind == "group" else None,
        "modifiedProperties": [],
    }

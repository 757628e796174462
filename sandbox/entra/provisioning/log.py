"""Provisioning logs: one provisioningObjectSummary for every object a cycle did something about.

Source (D): https://learn.microsoft.com/graph/api/provisioningobjectsummary-list
"""

from dataclasses import dataclass

from pydantic import JsonValue

from sandbox.entra.models import EntraState, Job, now
from sandbox.entra.provisioning.schema import SOURCE_DIRECTORY, TARGET_DIRECTORY

_MAX_ENTRIES = 10_000
_ACTIONS = {
    "create": "EntryExportAdd",
    "update": "EntryExportUpdate",
    "delete": "EntryExportDelete",
    "disable": "EntryExportUpdate",
    "stagedDelete": "EntryExportDelete",
    "other": "EntrySynchronizationSkip",
}


@dataclass(frozen=True)
class Outcome:
    """What happened to one object in a cycle."""

    kind: str  # User | Group
    source_id: str
    name: str
    action: str  # create | update | disable | delete | stagedDelete | other
    status: str  # success | failure | skipped
    target_id: str = ""
    code: str | None = None
    reason: str | None = None


def record(
    state: EntraState, sp_id: str, job: Job, cycle_id: str, outcome: Outcome
) -> dict[str, JsonValue]:
    """Add one entry to the tenant's log and return it."""
    principal = state.service_principals[sp_id]
    app_name = principal.text("displayName")
    error: JsonValue = None
    if outcome.code:
        error = {
            "errorCode": outcome.code,
            "reason": outcome.reason,
            "additionalDetails": None,
            "errorCategory": "nonServiceFailure" if outcome.status == "failure" else "failure",
            "recommendedAction": None,
        }
    entry: dict[str, JsonValue] = {
        "id": state.new_id("log"),
        "activityDateTime": now(),
        "tenantId": state.tenant_id,
        "jobId": job.id,
        "cycleId": cycle_id,
        "changeId": state.new_id("change"),
        "provisioningAction": outcome.action,
        "durationInMilliseconds": 1,
        "provisioningStatusInfo": {"status": outcome.status, "errorInformation": error},
        "provisioningSteps": _steps(outcome),
        "modifiedProperties": [],
        "servicePrincipal": {"id": sp_id, "displayName": app_name},
        "sourceSystem": {"id": "", "displayName": SOURCE_DIRECTORY, "details": {}},
        "targetSystem": {
            "id": "",
            "displayName": TARGET_DIRECTORY,
            "details": {
                "ApplicationId": principal.text("appId"),
                "ServicePrincipalId": sp_id,
                "ServicePrincipalDisplayName": app_name,
            },
        },
        "initiatedBy": {
            "id": "",
            "displayName": "Azure AD Provisioning Service",
            "initiatorType": "system",
        },
        "sourceIdentity": _identity(outcome, outcome.source_id),
        "targetIdentity": _identity(outcome, outcome.target_id),
    }
    state.log.append(entry)
    del state.log[:-_MAX_ENTRIES]
    return entry


def _identity(outcome: Outcome, object_id: str) -> JsonValue:
    return {
        "id": object_id,
        "displayName": outcome.name,
        "identityType": outcome.kind,
        "details": {},
    }


def _steps(outcome: Outcome) -> JsonValue:
    if outcome.status == "skipped":
        name, kind, done = "EntrySynchronizationScoping", "scoping", "skipped"
    else:
        name, kind, done = _ACTIONS[outcome.action], "export", outcome.status
    verb = {"success": "succeeded", "failure": "failed", "skipped": "was skipped"}[done]
    description = f"{outcome.kind} '{outcome.name}': {outcome.action} {verb}."
    return [
        {
            "name": "EntryImport",
            "provisioningStepType": "import",
            "status": "success",
            "description": f"Received {outcome.kind} '{outcome.name}' from {SOURCE_DIRECTORY}",
            "details": {},
        },
        {
            "name": name,
            "provisioningStepType": kind,
            "status": done,
            "description": f"{description} {outcome.reason or ''}".strip(),
            "details": {"ReportableIdentifier": outcome.name},
        },
    ]

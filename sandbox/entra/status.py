"""A synchronization job as Graph shows it: schedule, status, quarantine, last execution."""

from datetime import UTC, datetime, timedelta

from pydantic import JsonValue

from sandbox.entra.mapping import mapping_for
from sandbox.entra.state import EntraState, Job, Quarantine

_NEVER = "0001-01-01T00:00:00Z"
_INTERVAL = "PT40M"
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


def job_json(state: EntraState, job: Job) -> dict[str, JsonValue]:
    """The job's document.

    Source: https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationstatus
    """
    return {
        "id": job.id,
        "templateId": job.template_id,
        "schedule": {"expiration": None, "interval": _INTERVAL, "state": job.schedule},
        "status": {
            "code": _code(job),
            "countSuccessiveCompleteFailures": job.failures,
            "escrowsPruned": False,
            "lastExecution": job.last_execution,
            "lastSuccessfulExecution": job.last_success,
            "lastSuccessfulExecutionWithExports": job.last_export,
            "progress": [],
            "quarantine": _quarantine(job.quarantine) if job.quarantine else None,
            "steadyStateFirstAchievedTime": job.steady_since or _NEVER,
            "steadyStateLastAchievedTime": job.steady_last or _NEVER,
            "synchronizedEntryCountByType": _counts(job),
            "troubleshootingUrl": None,
        },
        "synchronizationJobSettings": [
            {"name": "AzureIngestionAttributeOptimization", "value": "False"}
        ],
    }


def _code(job: Job) -> str:
    if job.quarantine is not None:
        return "Quarantine"
    if job.schedule != "Active":
        return "Paused"
    return "Active" if job.last_execution is not None else "NotRun"


def _quarantine(quarantine: Quarantine) -> JsonValue:
    began = datetime.strptime(quarantine.began, _STAMP).replace(tzinfo=UTC)
    error = {
        "code": quarantine.code,
        "message": quarantine.message,
        "tenantActionable": True,
    }
    return {
        "currentBegan": quarantine.began,
        "error": error,
        "nextAttempt": (began + timedelta(hours=6)).strftime(_STAMP),
        "reason": quarantine.reason,
        "seriesBegan": quarantine.began,
        "seriesCount": quarantine.count,
    }


def _counts(job: Job) -> list[JsonValue]:
    """How many objects of each mapping the target has."""
    counts: list[JsonValue] = []
    for source in ("User", "Group"):
        linked = sum(link.kind == source and link.managed for link in job.links.values())
        mapping = mapping_for(job.document, source)
        if linked and mapping is not None:
            counts.append({"key": f"{source} to {mapping.target}", "value": linked})
    return counts

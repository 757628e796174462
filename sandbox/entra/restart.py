"""What a restart of a synchronization job forgets, whoever asks for it: Graph or the admin API.

Source: https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjobrestartcriteria
and …/entra/identity/app-provisioning/how-provisioning-works ("Incremental cycles"): the admin
center's **Restart provisioning** looks at every source object again and keeps the links between
source and target; only `Full` breaks the links, so that the target is asked about everybody anew.
"""

from sandbox.entra.state import Job

FULL = frozenset({"Full"})
# "Leaving this property empty emulates the Restart provisioning option in the admin center."
_ADMIN_CENTER = frozenset({"QuarantineState", "Watermark", "Escrows"})
_KNOWN = frozenset(
    {"None", "ConnectorDataStore", "ForceDeletes", *_ADMIN_CENTER, *FULL},
)


def reset_scopes(text: str) -> frozenset[str]:
    """The scopes that a `resetScope` names, separated by commas; raises ValueError."""
    scopes = frozenset(part.strip() for part in text.split(",") if part.strip())
    if not scopes <= _KNOWN:
        raise ValueError(f"resetScope '{text}' is not valid.")
    return scopes or _ADMIN_CENTER


def restart_job(job: Job, scopes: frozenset[str]) -> None:
    """Forget what the scopes name, and run from now on. What the target holds stays as it is.

    With the links the memory of who has to leave is gone too: whoever lost access and was not
    yet taken out of the target stays there.
    """
    full = "Full" in scopes
    if full or "Watermark" in scopes:
        job.watermark = False
        job.skipped.clear()
    if full or "ConnectorDataStore" in scopes:
        job.links.clear()
    if full or "QuarantineState" in scopes:
        job.quarantine, job.failures = None, 0
    if "ForceDeletes" in scopes:
        job.allow_deletes = True
    job.schedule, job.started = "Active", True

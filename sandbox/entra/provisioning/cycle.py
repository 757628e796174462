"""Entra's provisioning cycle and its restart: stored URL and token, SCIM, log, status, quarantine.

Source (D): https://learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works,
…/application-provisioning-quarantine-status, …/accidental-deletions, and
https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationjobrestartcriteria
The admin center's **Restart provisioning** looks at every source object again and keeps the links
between source and target; only `Full` breaks them, so that the target is asked about everybody.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

from sandbox.entra.models import EntraState, Job, Quarantine, now
from sandbox.entra.provisioning.log import Outcome, record
from sandbox.entra.provisioning.mapping import mapping_for
from sandbox.entra.provisioning.push import Push
from sandbox.entra.provisioning.scope import Plan, Settings, make_plan
from sandbox.entra.provisioning.target import Target, TargetError, connection
from sandbox.server.world import World

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


_DELETES = "TooManyDeletes"
_CREDENTIALS = "EncounteredQuarantineException"


@dataclass
class JobReport:
    """What one run of a job did."""

    job_id: str
    began: str = field(default_factory=now)
    outcomes: list[Outcome] = field(default_factory=list)
    entries: list[dict[str, JsonValue]] = field(default_factory=list)
    error: TargetError | None = None
    entitled: int = 0

    def failures(self) -> int:
        """How many objects failed."""
        return sum(outcome.status == "failure" for outcome in self.outcomes)

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """For the admin API: what was done to users and groups, skipped, and what failed."""
        done = [o for o in self.outcomes if o.status == "success"]
        failed = [_line(o) for o in self.outcomes if o.status == "failure"]
        if self.error is not None:
            failed.append({"code": self.error.code, "reason": self.error.message})
        return {
            "users": [_line(o) for o in done if o.kind == "User"],
            "groups": [_line(o) for o in done if o.kind == "Group"],
            "skipped": [_line(o) for o in self.outcomes if o.status == "skipped"],
            "errors": failed,
        }


def _line(outcome: Outcome) -> dict[str, object]:
    line: dict[str, object] = {"name": outcome.name, "action": outcome.action}
    if outcome.code:
        line |= {"code": outcome.code, "reason": outcome.reason}
    return line


def run_cycle(world: World, *, full: bool = False) -> dict[str, object]:
    """Run every started job once; called with Entra's lock held. Returns a report.

    ``full``: each is restarted with ``resetScope`` Full first, so that this is an initial cycle.

    ``{"jobs": [per job], "users": [...], "groups": [...], "errors": [...], "idle": [job ids]}``
    """
    state: EntraState = world.entra
    reports: dict[str, dict[str, list[dict[str, object]]]] = {}
    idle: list[str] = []
    for sp_id, sync in list(state.synchronization.items()):
        if sp_id not in state.service_principals:
            continue  # in the recycle bin
        for job in sync.jobs.values():
            if job.schedule == "Active":
                if full:
                    restart_job(job, FULL)
                reports[job.id] = run_job(world, state, sp_id, job).as_dict()
            else:
                idle.append(job.id)
    merged = {
        key: [line for report in reports.values() for line in report[key]]
        for key in ("users", "groups", "skipped", "errors")
    }
    jobs = [{"jobId": job_id, **report} for job_id, report in reports.items()]
    return {"jobs": jobs, **merged, "idle": idle}


def run_job(
    world: World, state: EntraState, sp_id: str, job: Job, only: frozenset[str] | None = None
) -> JobReport:
    """One run. ``only``: provision on demand, these objects and nothing about the job's status."""
    report = JobReport(job.id)
    cycle_id = state.new_id("cycle")

    def reported(outcome: Outcome) -> None:
        report.outcomes.append(outcome)
        report.entries.append(record(state, sp_id, job, cycle_id, outcome))

    secrets = state.sync(sp_id).secrets
    hold = False
    try:
        with Target(world, connection(secrets)) as target:
            target.probe()
            settings = Settings.read(secrets)
            users = mapping_for(job.document, "User")
            groups = mapping_for(job.document, "Group")
            plan = make_plan(state, sp_id, job, settings, users, groups)
            if only is not None:
                plan = _restricted(plan, only)
            report.entitled = len(plan.users) + len(plan.groups)
            hold = _too_many(settings, plan, job)
            _report_outside(job, plan, reported)
            push = Push(state, job, target, reported, plan, users, groups, hold)
            push.run()
            report.error = push.stopped
    except TargetError as error:
        report.error = error
    if only is None:
        _finish(job, report, hold)
    return report


def _restricted(plan: Plan, only: frozenset[str]) -> Plan:
    return Plan(
        users=[user for user in plan.users if user.id in only],
        groups=[group for group in plan.groups if group.id in only],
        outside=[(kind, entity) for kind, entity in plan.outside if entity.id in only],
        leaving_users=[user_id for user_id in plan.leaving_users if user_id in only],
        leaving_groups=[group_id for group_id in plan.leaving_groups if group_id in only],
    )


def _too_many(settings: Settings, plan: Plan, job: Job) -> bool:
    """More removals than the threshold, and nobody has allowed them."""
    limit = settings.threshold
    return limit is not None and plan.removals > limit and not job.allow_deletes


def _report_outside(job: Job, plan: Plan, reported: Callable[[Outcome], None]) -> None:
    reason = "The object does not pass the scoping filter."
    for kind, entity in plan.outside:
        if job.skipped.get(entity.id) == reason or entity.id in job.links:
            continue
        job.skipped[entity.id] = reason
        name = entity.text("userPrincipalName") or entity.text("displayName")
        outcome = Outcome(
            kind, entity.id, name, "other", "skipped", "", "NotEffectivelyEntitled", reason
        )
        reported(outcome)


def _finish(job: Job, report: JobReport, quarantined: bool) -> None:
    """Status, counts and quarantine after a run."""
    job.last_execution = execution(report)
    if report.error is not None:
        job.failures += 1
        _quarantine(job, _CREDENTIALS, report.error.code, report.error.message)
        return
    job.failures = 0
    job.watermark = True
    job.allow_deletes = False
    if quarantined:
        message = "The number of deletions is above the threshold; allow or prevent them."
        _quarantine(job, _DELETES, _DELETES, message)
        return
    job.quarantine = None
    job.last_success = job.last_execution
    if any(outcome.status == "success" for outcome in report.outcomes):
        job.last_export = job.last_execution
    if not report.failures():
        job.steady_last = now()
        job.steady_since = job.steady_since or job.steady_last


def _quarantine(job: Job, reason: str, code: str, message: str) -> None:
    before = job.quarantine
    same = before is not None and before.reason == reason
    job.quarantine = Quarantine(
        reason=reason,
        code=code,
        message=message,
        began=before.began if before is not None and same else now(),
        count=before.count + 1 if before is not None and same else 1,
    )


def execution(report: JobReport) -> dict[str, JsonValue]:
    """A synchronizationTaskExecution."""
    counts = Counter(outcome.status for outcome in report.outcomes)
    state = "EntryLevelErrors" if counts["failure"] else "Succeeded"
    error: JsonValue = None
    if report.error is not None:
        state = "Failed"
        error = {
            "code": report.error.code,
            "message": report.error.message,
            "tenantActionable": True,
        }
    return {
        "activityIdentifier": f"{report.job_id}/{report.began}",
        "countEntitled": report.entitled,
        "countEntitledForProvisioning": report.entitled,
        "countEscrowed": counts["failure"],
        "countEscrowedRaw": counts["failure"],
        "countExported": counts["success"],
        "countExports": counts["success"] + counts["failure"],
        "countImported": report.entitled,
        "countImportedDeltas": report.entitled,
        "countImportedReferenceDeltas": 0,
        "state": state,
        "timeBegan": report.began,
        "timeEnded": now(),
        "error": error,
    }

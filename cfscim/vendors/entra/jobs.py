"""Microsoft Graph: provisioning jobs, their schema, credentials test, start and log.

Source: learn.microsoft.com/graph/api/resources/synchronization-synchronizationjob and the pages
of each action.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar
from urllib.parse import quote

from cfscim.config.entra_keys import Key
from cfscim.config.json_types import JsonObject
from cfscim.vendors.entra import PRINCIPALS, WRITE_JOBS
from cfscim.vendors.entra.job_schema import Scopes, read_scopes, require_id_filter
from cfscim.vendors.entra.models import Job, Provisioned, ProvisioningEvent, bare, provisioned
from cfscim.vendors.errors import AnswerError, NotAsDeclaredError, unless_gone
from cfscim.vendors.http import Answer, Call, HttpClient
from cfscim.vendors.pages import Client, member, objects, odata_pages, read

T = TypeVar("T")

_READ = "Synchronization.Read.All"
_WRITE = "Synchronization.ReadWrite.All (or ownership and Application.ReadWrite.OwnedBy)"
OF_A_NEW_APP = (403, 404, 409)
"""What a synchronization call may be refused with for a while after the application was made.

Source: terraform-provider-azuread, synchronization.go, repeats 403 and 409 (C); reads of what was
made a moment ago answer 404.
"""
# Entra answers reads from copies that lag behind a write by seconds.
_LAG_DELAYS = (1.0, 2.0, 4.0, 8.0)


class JobCalls(Client):
    """Everything about a service principal's provisioning jobs.

    Ids may be bare or the provider's paths. Every method raises `AnswerError`.
    """

    def _pages(self, path: str, query: Mapping[str, str], needs: str) -> Iterator[JsonObject]:
        return odata_pages(self._http, path, query, needs=needs)

    def jobs(self, service_principal: str) -> tuple[Job, ...]:
        """All jobs of an app; provisioning by this program makes one."""
        return self._all(Job, f"{_base(service_principal)}/jobs", _READ)

    def job(self, service_principal: str, job: str) -> Job:
        """The job's schedule, status, quarantine and last execution."""
        return self._read(Job, _job(service_principal, job), _READ)

    def find_job(self, service_principal: str, job: str) -> Job | None:
        """The job, or nothing where it or the app is gone."""
        return unless_gone(lambda: self.job(service_principal, job))

    def start(self, service_principal: str, job: str) -> Job:
        """Start provisioning, read back: the job's schedule is active.

        A started job is left as it is. Raises `NotAsDeclaredError` where it does not start.
        """
        start = _job(service_principal, job) + "/start"
        self._send(_post(start, why="nobody is provisioned"), settle=True)
        latest = None
        for delay in (*_LAG_DELAYS, 0.0):
            latest = _shown(lambda: self.job(service_principal, job), last=not delay)
            if latest is not None and latest.running:
                return latest
            self._http.sleep(delay)
        raise NotAsDeclaredError(
            f"Microsoft Graph job {bare(job)}",
            "Entra took the start and shows the job's schedule as "
            + (latest.schedule.state if latest else "gone"),
            why="nobody is provisioned",
            instead="look at the job's status in the Entra admin center, then run again",
        )

    def pause(self, service_principal: str, job: str) -> None:
        """Stops cycles; what was provisioned stays. A job that is gone needs nothing."""
        unless_gone(lambda: self._http.send(_post(_job(service_principal, job) + "/pause")))

    def provision_on_demand(
        self, service_principal: str, job: str, rule: str, person: str
    ) -> Provisioned:
        """Provisions one person now and says how it went; the job need not run.

        `rule`: id of the synchronization rule; `person`: object id. Source:
        learn.microsoft.com/graph/api/synchronization-synchronizationjob-provisionondemand.
        """
        subject: JsonObject = {"objectId": person, "objectTypeName": "User"}
        call = Call(
            "POST",
            _job(service_principal, job) + "/provisionOnDemand",
            body={"parameters": [{"ruleId": rule, "subjects": [subject]}]},
            needs=WRITE_JOBS,
            why="whether this person arrives is not known",
            repeatable=True,
        )
        answer = self._http.send(call)
        told = answer.body.get("value") if isinstance(answer.body, dict) else None
        return provisioned(member(answer, "key"), told, answer.where)

    def validate_credentials(
        self, service_principal: str, job: str, *, settle: bool = False
    ) -> None:
        """The guide's Test Connection, with the saved tenant URL and token.

        Asked a few times, because saved credentials are not at hand at once everywhere. `settle`:
        the application may have been made a moment ago. Only a refusal of the test itself (400)
        speaks of Cloudflare's token.
        """
        call = Call(
            "POST",
            _job(service_principal, job) + "/validateCredentials",
            body={"useSavedCredentials": True},
            needs=_WRITE,
            why="nobody would be provisioned",
            repeatable=True,
        )
        for delay in (*_LAG_DELAYS[:2], None):
            try:
                self._send(call, settle=settle)
                return
            except AnswerError as error:
                if error.kind != "rejected":
                    raise
                if delay is None:
                    raise _token_refused(error) from None
            self._http.sleep(delay)

    def schema(self, service_principal: str, job: str) -> JsonObject:
        """The job's whole schema document, waited for where the job is very new."""
        call = Call("GET", _job(service_principal, job) + "/schema", needs=_READ)
        return _document(self._send(call, settle=True))

    def require_id_filter(self, service_principal: str, job: str, document: JsonObject) -> None:
        """Refuses a tenant that cannot filter groups by object id. Raises `NotAsDeclaredError`."""
        path = _job(service_principal, job) + "/schema/filterOperators"
        answer = self._send(Call("GET", path, needs=_WRITE), settle=True)
        require_id_filter(document, objects(answer, member(answer, "value")))

    def find_schema(self, service_principal: str, job: str) -> JsonObject | None:
        """The schema as it is now, or nothing where the job or the app is gone."""
        path = _job(service_principal, job) + "/schema"
        return unless_gone(lambda: _document(self._http.get(path, needs=_READ)))

    def put_schema(self, service_principal: str, job: str, document: JsonObject) -> None:
        """Replaces the whole document (as `with_scopes` made it); starts a full new cycle."""
        path = _job(service_principal, job) + "/schema"
        why = "the scoping filter decides which groups reach Cloudflare"
        self._send(Call("PUT", path, body=document, needs=_WRITE, why=why), settle=True)

    def expect_scopes(self, service_principal: str, job: str, wanted: Scopes) -> None:
        """Reads until Entra shows these scopes. Raises `NotAsDeclaredError` where it does not."""
        path = _job(service_principal, job) + "/schema"
        for delay in (*_LAG_DELAYS, 0.0):
            document = _shown(lambda: _document(self._http.get(path, needs=_READ)), last=not delay)
            if document is not None and read_scopes(document) == wanted:
                return
            self._http.sleep(delay)
        raise NotAsDeclaredError(
            f"Microsoft Graph job {bare(job)}",
            "Entra took the scoping filter and shows another",
            why="other groups or people than declared could be provisioned",
            instead="run again, and look at the mappings in the Entra admin center",
        )

    def provisioning_logs(
        self, job: str, *, status: str = "", most: int = 500
    ) -> tuple[ProvisioningEvent, ...]:
        """The job's newest log entries, at most `most`; of one status where given."""
        needs = "AuditLog.Read.All (or ProvisioningLog.Read.All)"
        path = "/v1.0/auditLogs/provisioning"
        clauses = {"jobId": bare(job), "provisioningStatusInfo/status": status}
        query = {
            "$filter": " and ".join(f"{key} eq {quoted(v)}" for key, v in clauses.items() if v),
            "$top": str(min(most, 500)),
        }
        events: list[ProvisioningEvent] = []
        for item in odata_pages(self._http, path, query, needs=needs):
            events.append(read(ProvisioningEvent, item, f"Microsoft Graph GET {path}"))
            if len(events) >= most:
                break
        return tuple(events)

    def secrets(self, service_principal: str, *, settle: bool = False) -> Mapping[str, str]:
        """The keys of the saved credentials; Entra shows settings and hides secrets as "*".

        `settle`: the application may have been made a moment ago.
        """
        call = Call("GET", f"{_base(service_principal)}/secrets", needs=_READ)
        answer = self._send(call, settle=settle)
        pairs = objects(answer, member(answer, "value"))
        return {str(pair.get("key")): str(pair.get("value") or "") for pair in pairs}

    def _send(self, call: Call, *, settle: bool) -> Answer:
        """The answer; with `settle` what Entra refuses of a new application is waited out."""
        return settled(self._http, call) if settle else self._http.send(call)


def settled(http: HttpClient, call: Call, refused: Collection[int] = OF_A_NEW_APP) -> Answer:
    """The answer; what a new application is refused with is waited out. Raises `AnswerError`."""
    for delay in _LAG_DELAYS:
        try:
            return http.send(call)
        except AnswerError as error:
            if error.status not in refused:
                raise
        http.sleep(delay)
    return http.send(call)


def _post(path: str, *, why: str = "") -> Call:
    return Call("POST", path, needs=_WRITE, why=why, repeatable=True)


def _document(answer: Answer) -> JsonObject:
    member(answer, "synchronizationRules")
    assert isinstance(answer.body, dict)
    return answer.body


def _token_refused(error: AnswerError) -> AnswerError:
    told = error.message
    return AnswerError(
        "rejected",
        told.where.about,
        told.what,
        why=told.why,
        instead="check that tenant URL and token are of the same Cloudflare account and valid, "
        "or save them anew: `pulumi up --refresh`",
        status=error.status,
        code=error.code,
        says=error.says,
    )


def quoted(text: str) -> str:
    """The text as an OData string."""
    return "'" + text.replace("'", "''") + "'"


def _base(service_principal: str) -> str:
    return f"{PRINCIPALS}/{quote(bare(service_principal))}/synchronization"


def _job(service_principal: str, job: str) -> str:
    return f"{_base(service_principal)}/jobs/{quote(bare(job))}"


def _shown(call: Callable[[], T], *, last: bool) -> T | None:
    """What a read tells; None where it is not there, or, before the `last`, not shown yet."""
    try:
        return call()
    except AnswerError as error:
        if error.kind == "not found" or (error.status in OF_A_NEW_APP and not last):
            return None
        raise


_EFFECTS = {
    "SkipOutOfScopeDeletions": "who leaves the scope keeps the access in Cloudflare",
    "PerformInboundEntitlementGrants": "Entra grants entitlements that it finds in the target",
    "HardDeletesEnabled": "who is deleted for good is deleted in the target too",
    "UpdateKeyOnSoftDelete": "deleted people get another user name in the target",
}


def further_keys(saved: Iterable[str]) -> list[str]:
    """The names of saved keys that the program does not write, sorted."""
    return sorted(set(saved) - {*Key})


def described(key: str) -> str:
    """A key with what it does, as far as Microsoft documents it."""
    return f"{key} ({_EFFECTS.get(key, 'what it does is not documented')})"


def removal(graph: str, service_principal: str, keys: Iterable[str]) -> str:
    """The command that takes the keys away; `graph` is Graph's base address without version."""
    values = ", ".join(f'{{"key": "{key}", "value": ""}}' for key in keys)
    return (
        "az rest --method PUT --url "
        f"{graph}{PRINCIPALS}/{bare(service_principal)}/synchronization/secrets "
        f"--headers Content-Type=application/json --body '{{\"value\": [{values}]}}'"
    )

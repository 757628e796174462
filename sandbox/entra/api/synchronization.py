"""Provisioning in Graph: secrets, jobs with status and schema, provision on demand, the log.

Source: statuses and shapes D (published examples, graph_examples.json); what differs says
so itself.
"""

import json
import re
import time
from datetime import UTC, datetime, timedelta

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra import audit
from sandbox.entra.api.directory import find
from sandbox.entra.api.graph import body_object, context_line, graph_route, no_content
from sandbox.entra.api.odata import ListRule, list_reply
from sandbox.entra.errors import GraphError, bad_request, not_found
from sandbox.entra.models import PLAIN_SECRETS, STAMP, Entity, EntraState, Job, Quarantine
from sandbox.entra.permissions import (
    AUDIT_READ,
    DIRECTORY_READ,
    LOG_READ,
    SYNC_ON_DEMAND,
    SYNC_READ,
    SYNC_WRITE,
)
from sandbox.entra.provisioning.cycle import reset_scopes, restart_job, run_job
from sandbox.entra.provisioning.filters import operator_documents
from sandbox.entra.provisioning.mapping import mapping_for
from sandbox.entra.provisioning.schema import checked, default_document
from sandbox.entra.provisioning.target import Target, TargetError, connection
from sandbox.server.router import Context, json_reply

# synchronizationSecret in graph-provisioning.csdl.xml
_KEYS = frozenset(
    re.findall(
        r"\w+",
        "UserName Password SecretToken AppKey BaseAddress ClientIdentifier ClientSecret "
        "SingleSignOnType Sandbox Url Domain ConsumerKey ConsumerSecret TokenKey TokenExpiration "
        "Oauth2AccessToken Oauth2AccessTokenCreationTime Oauth2RefreshToken SyncAll InstanceName "
        "Oauth2ClientId Oauth2ClientSecret CompanyId UpdateKeyOnSoftDelete "
        "SynchronizationSchedule SystemOfRecord SandboxName EnforceDomain "
        "SyncNotificationSettings SkipOutOfScopeDeletions Oauth2AuthorizationCode "
        "Oauth2RedirectUri ApplicationTemplateIdentifier Oauth2TokenExchangeUri "
        "Oauth2AuthorizationUri AuthenticationType Server PerformInboundEntitlementGrants "
        "HardDeletesEnabled SyncAgentCompatibilityKey SyncAgentADContainer ValidateDomain "
        "TestReferences ConnectionString",
    )
)
_MASK = "*"


def pairs(values: object) -> dict[str, str]:
    """Key-value pairs of a request. Raises GraphError 400."""
    if not isinstance(values, list):
        raise bad_request("A list of key and value pairs is expected.", "BadRequest")
    listed: dict[str, str] = {}
    for pair in values:
        key = pair.get("key") if isinstance(pair, dict) else None
        if key not in _KEYS:
            raise bad_request(f"'{key}' is not a valid synchronizationSecret.", "BadRequest")
        value = pair.get("value")
        if not isinstance(value, str | None):
            raise bad_request(f"The value of '{key}' must be text.", "BadRequest")
        if key in listed:
            raise bad_request(f"The key '{key}' is given twice.", "BadRequest")
        listed[str(key)] = value or ""
    return listed


@graph_route("PUT", "/servicePrincipals/<sp_id>/synchronization/secrets", *SYNC_WRITE)
def put_secrets(ctx: Context, sp_id: str) -> Response:
    """Set the keys that are given; an empty value takes its key away, other keys stay.

    Source: further keys stay, and the provider waits for an equal number (P, azuread #1013); an
    empty SyncNotificationSettings is refused (P, azuread #973, msgraph-metadata #347).
    """
    principal = find(ctx.state, "servicePrincipal", sp_id)
    given = pairs(body_object(ctx).get("value"))
    _check_settings(given.get("SyncNotificationSettings"))
    stored = ctx.state.sync(principal.id).secrets
    for key, value in given.items():
        if value:
            stored[key] = value
        else:
            stored.pop(key, None)
        if key not in PLAIN_SECRETS:
            ctx.world.log.hide(value)
    audit.write(ctx.state, "Update provisioning setting or credentials", principal)
    return no_content()


def _check_settings(text: str | None) -> None:
    if text is None:
        return
    try:
        settings = json.loads(text)
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise bad_request("SyncNotificationSettings must be a JSON object in text.", "BadRequest")
    threshold = settings.get("DeleteThresholdValue", 0)
    if isinstance(threshold, bool) or not isinstance(threshold, int) or threshold < 0:
        raise bad_request("DeleteThresholdValue must be a whole number.", "BadRequest")


@graph_route("GET", "/servicePrincipals/<sp_id>/synchronization/secrets", *SYNC_READ)
def get_secrets(ctx: Context, sp_id: str) -> Response:
    """The keys that are set; credentials read "*", settings are shown.

    Source (P): a tenant's answer: the password is "*", SyncNotificationSettings is readable.
    """
    principal = find(ctx.state, "servicePrincipal", sp_id)
    stored = ctx.state.sync(principal.id).secrets
    values = [
        {"key": key, "value": value if key in PLAIN_SECRETS else _MASK}
        for key, value in stored.items()
    ]
    kind = "Collection(microsoft.graph.synchronizationSecretKeyStringValuePair)"
    return json_reply({**context_line(ctx, kind), "value": values})


_NEVER = "0001-01-01T00:00:00Z"
_INTERVAL = "PT40M"


def job_json(state: EntraState, job: Job) -> dict[str, JsonValue]:
    """The job's document.

    Source (D): https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationstatus
    """
    return {
        "id": job.id,
        "templateId": job.template_id,
        "schedule": {"expiration": None, "interval": _INTERVAL, "state": job.schedule},
        "status": {
            "code": _code(state, job),
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


def _code(state: EntraState, job: Job) -> str:
    """Source (D): a job that was just made is NotConfigured, one that is disabled Paused."""
    if job.quarantine is not None:
        return "Quarantine"
    if not job.started and not any(
        sync.secrets for sync in state.synchronization.values() if job in sync.jobs.values()
    ):
        return "NotConfigured"
    if job.schedule != "Active":
        return "Paused"
    return "Active" if job.last_execution is not None else "NotRun"


def _quarantine(quarantine: Quarantine) -> JsonValue:
    began = datetime.strptime(quarantine.began, STAMP).replace(tzinfo=UTC)
    error = {
        "code": quarantine.code,
        "message": quarantine.message,
        "tenantActionable": True,
    }
    return {
        "currentBegan": quarantine.began,
        "error": error,
        "nextAttempt": (began + timedelta(hours=6)).strftime(STAMP),
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


_BASE = "/servicePrincipals/<sp_id>/synchronization"
_JOB = f"{_BASE}/jobs/<job_id>"
_TEMPLATE = "scim"


def _principal(ctx: Context, sp_id: str) -> Entity:
    return find(ctx.state, "servicePrincipal", sp_id)


def _templates(principal: Entity) -> list[dict[str, JsonValue]]:
    """Only an application made from a gallery template has one (azuread issues #1099, #1165)."""
    template_id = principal.properties["applicationTemplateId"]
    if template_id is None:
        return []
    return [
        {
            "id": _TEMPLATE,
            "applicationId": template_id,
            "default": True,
            "description": None,
            "discoverable": True,
            "factoryTag": "customappsso",
            "schema": {"directories": [], "synchronizationRules": []},
            "metadata": [
                {
                    "key": "configurationFields",
                    "value": '[{"name":"baseaddress"},{"name":"secrettoken","secret":true}]',
                }
            ],
        }
    ]


def find_job(state: EntraState, sp_id: str, job_id: str) -> Job:
    """A job of a service principal. Raises GraphError 404."""
    find(state, "servicePrincipal", sp_id)
    synchronization = state.synchronization.get(sp_id.lower())
    job = synchronization.jobs.get(job_id) if synchronization else None
    if job is None:
        raise not_found(job_id)
    return job


@graph_route("GET", f"{_BASE}/templates", *SYNC_READ)
def list_templates(ctx: Context, sp_id: str) -> Response:
    """The templates a job can be made from (D: published example)."""
    rule = ListRule("synchronization/templates", advanced=False)
    return list_reply(ctx, rule, _templates(_principal(ctx, sp_id)))


@graph_route("GET", f"{_BASE}/jobs", *SYNC_READ)
def list_jobs(ctx: Context, sp_id: str) -> Response:
    """The jobs of this application (D: published example)."""
    principal = _principal(ctx, sp_id)
    synchronization = ctx.state.synchronization.get(principal.id)
    jobs = synchronization.jobs.values() if synchronization else []
    rule = ListRule("synchronization/jobs", advanced=False)
    return list_reply(ctx, rule, [job_json(ctx.state, job) for job in jobs])


@graph_route("POST", f"{_BASE}/jobs", *SYNC_WRITE)
def create_job(ctx: Context, sp_id: str) -> Response:
    """A job with the template's default schema, not started.

    Its id is template, tenant and application, so asking twice gives the same job.

    Source: D: published example.
    """
    principal, state = _principal(ctx, sp_id), ctx.state
    template_id = body_object(ctx).get("templateId")
    if template_id not in [template["id"] for template in _templates(principal)]:
        message = f"The template '{template_id}' does not exist for this application."
        raise bad_request(message, "InvalidTemplateId")
    app_id, tenant = principal.text("appId"), state.tenant_id.replace("-", "")
    job_id = f"{template_id}.{tenant}.{app_id}"
    document = default_document(app_id, f"{template_id}.{tenant}.{app_id}")
    job = Job(id=job_id, template_id=str(template_id), document=document)
    job = state.sync(principal.id).jobs.setdefault(job_id, job)
    audit.write(state, "Add provisioning configuration", principal)
    return _job_reply(ctx, job, 201)


def _job_reply(ctx: Context, job: Job, status: int = 200) -> Response:
    context = context_line(ctx, "synchronization/jobs/$entity")
    return json_reply({**context, **job_json(ctx.state, job)}, status)


@graph_route("GET", _JOB, *SYNC_READ)
def get_job(ctx: Context, sp_id: str, job_id: str) -> Response:
    """One job with its status (D: published example)."""
    return _job_reply(ctx, find_job(ctx.state, sp_id, job_id))


@graph_route("DELETE", _JOB, *SYNC_WRITE)
def delete_job(ctx: Context, sp_id: str, job_id: str) -> Response:
    """The job with all it remembers; the target is left as it is (D: Graph reference)."""
    find_job(ctx.state, sp_id, job_id)
    del ctx.state.sync(sp_id.lower()).jobs[job_id]
    return no_content()


@graph_route("POST", f"{_JOB}/start", *SYNC_WRITE)
def start(ctx: Context, sp_id: str, job_id: str) -> Response:
    """From now on cycles run; a quarantine is over (D: published example)."""
    job = find_job(ctx.state, sp_id, job_id)
    job.schedule, job.started, job.quarantine = "Active", True, None
    audit.write(ctx.state, "Enable/start provisioning configuration", _principal(ctx, sp_id))
    return no_content()


@graph_route("POST", f"{_JOB}/pause", *SYNC_WRITE)
def pause(ctx: Context, sp_id: str, job_id: str) -> Response:
    """No cycle does anything until the next start; progress is kept (D: published example)."""
    find_job(ctx.state, sp_id, job_id).schedule = "Paused"
    audit.write(ctx.state, "Disable/pause provisioning configuration", _principal(ctx, sp_id))
    return no_content()


@graph_route("POST", f"{_JOB}/restart", *SYNC_WRITE)
def restart(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Start again, forgetting what ``criteria.resetScope`` names; without it as the admin center.

    Source (D): https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart
    """
    job = find_job(ctx.state, sp_id, job_id)
    criteria = (body_object(ctx) if ctx.body is not None else {}).get("criteria") or {}
    text = (criteria.get("resetScope") or "") if isinstance(criteria, dict) else criteria
    try:
        restart_job(job, reset_scopes(str(text)))
    except ValueError as error:
        raise bad_request(str(error), "BadRequest") from None
    audit.write(ctx.state, "Enable/restart provisioning configuration", _principal(ctx, sp_id))
    return no_content()


@graph_route("POST", f"{_JOB}/validateCredentials", *SYNC_WRITE)
def validate_credentials(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Test Connection for a job (D: published example)."""
    find_job(ctx.state, sp_id, job_id)
    return _validate(ctx, sp_id)


@graph_route("POST", f"{_BASE}/jobs/validateCredentials", *SYNC_WRITE)
def validate_before(ctx: Context, sp_id: str) -> Response:
    """Test Connection before there is a job, for a template (D: Graph reference)."""
    principal = _principal(ctx, sp_id)
    template_id = body_object(ctx).get("templateId")
    if template_id not in [template["id"] for template in _templates(principal)]:
        raise bad_request(f"The template '{template_id}' does not exist.", "InvalidTemplateId")
    return _validate(ctx, sp_id)


def _validate(ctx: Context, sp_id: str) -> Response:
    """Ask the endpoint with the saved or the given credentials; 204 or 400 with its answer."""
    body = body_object(ctx)
    if body.get("useSavedCredentials") is True:
        given = ctx.state.sync(sp_id.lower()).secrets
    else:
        given = pairs(body.get("credentials"))
        ctx.world.log.hide(given.get("SecretToken", ""))
    try:
        with Target(ctx.world, connection(given)) as target:
            target.probe()
    except TargetError as error:
        message = (
            "You appear to have entered invalid credentials. Please confirm you are using the "
            f"correct information for an administrative account. {error.message}"
        )
        raise GraphError(400, message, error.code) from error
    return no_content()


@graph_route("GET", f"{_JOB}/schema", *SYNC_READ)
def get_schema(ctx: Context, sp_id: str, job_id: str) -> Response:
    """The whole schema, directories included (D: published example)."""
    document = find_job(ctx.state, sp_id, job_id).document
    return json_reply({**context_line(ctx, "synchronization/jobs/schema/$entity"), **document})


@graph_route("PUT", f"{_JOB}/schema", *SYNC_WRITE)
def put_schema(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Replace the whole schema; the next cycle looks at everything again (D: published example)."""
    job = find_job(ctx.state, sp_id, job_id)
    job.document = checked(ctx.body, job.document)
    job.watermark = False
    job.skipped.clear()
    audit.write(ctx.state, "Update attribute mappings or scope", _principal(ctx, sp_id))
    return no_content()


@graph_route("GET", f"{_JOB}/schema/filterOperators", *SYNC_WRITE)
def filter_operators(ctx: Context, sp_id: str, job_id: str) -> Response:
    """The operators of scoping filters, by their wire names; a right to write is needed (D)."""
    find_job(ctx.state, sp_id, job_id)
    context = context_line(ctx, "Collection(microsoft.graph.filterOperatorSchema)")
    return json_reply({**context, "value": operator_documents()})


@graph_route("POST", f"{_JOB}/provisionOnDemand", *SYNC_ON_DEMAND)
def provision_on_demand(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Provision the named users and groups now; the job need not be started.

    Source (D): https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-provisionondemand
    """
    job = find_job(ctx.state, sp_id, job_id)
    wanted = _subjects(job, body_object(ctx).get("parameters"))
    _within_limit(job)
    report = run_job(ctx.world, ctx.state, sp_id.lower(), job, frozenset(wanted))
    if report.error is not None:
        raise GraphError(400, report.error.message, report.error.code)
    by_status = {outcome.status: outcome for outcome in reversed(report.outcomes)}
    result, details = "Success", dict[str, str]()
    if "success" not in by_status or "failure" in by_status:
        told = by_status.get("failure") or by_status.get("skipped")
        result = "Failure" if "failure" in by_status else "Skipped"
        code, message = (told.code, told.reason) if told else _nothing_to_do(job, wanted)
        details = {"errorCode": code, "errorMessage": message}
    context = context_line(ctx, "microsoft.graph.stringKeyStringValuePair")
    key = json.dumps({"result": result, "details": details})
    return json_reply({**context, "key": key, "value": json.dumps(report.entries)})


_MATCHES = "The state of the object in both the source and target systems already match."
_OUTSIDE = "The object is not assigned to the application, or does not pass the scoping filter."
_ON_DEMAND, _ON_DEMAND_SECONDS = 5, 10.0  # D: the method's page, 5 requests per 10 seconds
_MOST_MEMBERS = 5  # D: provision on demand, "up to five members at a time"


def _nothing_to_do(job: Job, wanted: list[str]) -> tuple[str, str]:
    """Why nothing was sent (D: Entra's page on provisioning logs, reasons of skipped objects)."""
    if all(id_ in job.links and job.links[id_].managed for id_ in wanted):
        return "RedundantExport", _MATCHES
    return "NotEffectivelyEntitled", _OUTSIDE


def _within_limit(job: Job) -> None:
    now = time.time()
    job.on_demand = [at for at in job.on_demand if now - at < _ON_DEMAND_SECONDS]
    if len(job.on_demand) >= _ON_DEMAND:
        raise GraphError(429, "Too many requests.")
    job.on_demand.append(now)


def _subjects(job: Job, parameters: object) -> list[str]:
    rules = job.document["synchronizationRules"]
    assert isinstance(rules, list)
    known = [rule["id"] for rule in rules if isinstance(rule, dict)]
    subjects: list[str] = []
    for parameter in parameters if isinstance(parameters, list) else []:
        if not isinstance(parameter, dict) or parameter.get("ruleId") not in known:
            raise bad_request("ruleId is not a rule of the job's schema.", "BadRequest")
        for subject in parameter.get("subjects") or []:
            if len((subject.get("links") or {}).get("members") or ()) > _MOST_MEMBERS:
                raise bad_request("At most five members of a group can be named.", "BadRequest")
            subjects.append(str(subject.get("objectId", "")).lower())
    if not subjects:
        raise bad_request("parameters must name at least one subject.", "BadRequest")
    return subjects


@graph_route("GET", "/auditLogs/provisioning", *LOG_READ)
def list_log(ctx: Context) -> Response:
    """The log, newest first; filters compare with case (D: published example)."""
    return list_reply(
        ctx,
        ListRule("auditLogs/provisioning", case_sensitive=True, advanced=False),
        reversed(ctx.state.log),
    )


@graph_route("GET", "/auditLogs/directoryAudits", *AUDIT_READ, also=DIRECTORY_READ)
def list_audits(ctx: Context) -> Response:
    """The entries, newest first (D: published example)."""
    rule = ListRule("auditLogs/directoryAudits", case_sensitive=True, advanced=False)
    return list_reply(ctx, rule, reversed(ctx.state.audit))

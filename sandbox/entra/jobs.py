"""Synchronization jobs: templates, create, start, pause, restart, delete, schema, on demand."""

import json

from pydantic import JsonValue
from werkzeug import Response

from sandbox.entra import secrets
from sandbox.entra.cycle import run_job
from sandbox.entra.directory import find
from sandbox.entra.errors import GraphError, bad_request, not_found
from sandbox.entra.filters import operator_documents
from sandbox.entra.graph import body_object, context_line, graph_route, no_content
from sandbox.entra.odata import ListRule, list_reply
from sandbox.entra.permissions import SYNC_ON_DEMAND, SYNC_READ, SYNC_WRITE
from sandbox.entra.restart import reset_scopes, restart_job
from sandbox.entra.schema import default_document
from sandbox.entra.schema_rules import checked
from sandbox.entra.state import Entity, EntraState, Job
from sandbox.entra.status import job_json
from sandbox.entra.target import Target, TargetError, connection
from sandbox.server.router import Context, json_reply

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
    """The templates a job can be made from."""
    rule = ListRule("synchronization/templates", advanced=False)
    return list_reply(ctx, rule, _templates(_principal(ctx, sp_id)))


@graph_route("GET", f"{_BASE}/jobs", *SYNC_READ)
def list_jobs(ctx: Context, sp_id: str) -> Response:
    """The jobs of this application."""
    principal = _principal(ctx, sp_id)
    synchronization = ctx.state.synchronization.get(principal.id)
    jobs = synchronization.jobs.values() if synchronization else []
    rule = ListRule("synchronization/jobs", advanced=False)
    return list_reply(ctx, rule, [job_json(ctx.state, job) for job in jobs])


@graph_route("POST", f"{_BASE}/jobs", *SYNC_WRITE)
def create_job(ctx: Context, sp_id: str) -> Response:
    """A job with the template's default schema, not started.

    Its id is template, tenant and application, so asking twice gives the same job.
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
    return _job_reply(ctx, job, 201)


def _job_reply(ctx: Context, job: Job, status: int = 200) -> Response:
    context = context_line(ctx, "synchronization/jobs/$entity")
    return json_reply({**context, **job_json(ctx.state, job)}, status)


@graph_route("GET", _JOB, *SYNC_READ)
def get_job(ctx: Context, sp_id: str, job_id: str) -> Response:
    """One job with its status."""
    return _job_reply(ctx, find_job(ctx.state, sp_id, job_id))


@graph_route("DELETE", _JOB, *SYNC_WRITE)
def delete_job(ctx: Context, sp_id: str, job_id: str) -> Response:
    """The job with all it remembers; the target is left as it is."""
    find_job(ctx.state, sp_id, job_id)
    del ctx.state.sync(sp_id.lower()).jobs[job_id]
    return no_content()


@graph_route("POST", f"{_JOB}/start", *SYNC_WRITE)
def start(ctx: Context, sp_id: str, job_id: str) -> Response:
    """From now on cycles run; a quarantine is over."""
    job = find_job(ctx.state, sp_id, job_id)
    job.schedule, job.started, job.quarantine = "Active", True, None
    return no_content()


@graph_route("POST", f"{_JOB}/pause", *SYNC_WRITE)
def pause(ctx: Context, sp_id: str, job_id: str) -> Response:
    """No cycle does anything until the next start; progress is kept."""
    find_job(ctx.state, sp_id, job_id).schedule = "Paused"
    return no_content()


@graph_route("POST", f"{_JOB}/restart", *SYNC_WRITE)
def restart(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Start again, forgetting what ``criteria.resetScope`` names; without it as the admin center.

    Source: https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-restart
    """
    job = find_job(ctx.state, sp_id, job_id)
    criteria = (body_object(ctx) if ctx.body is not None else {}).get("criteria") or {}
    text = (criteria.get("resetScope") or "") if isinstance(criteria, dict) else criteria
    try:
        restart_job(job, reset_scopes(str(text)))
    except ValueError as error:
        raise bad_request(str(error), "BadRequest") from None
    return no_content()


@graph_route("POST", f"{_JOB}/validateCredentials", *SYNC_WRITE)
def validate_credentials(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Test Connection for a job."""
    find_job(ctx.state, sp_id, job_id)
    return _validate(ctx, sp_id)


@graph_route("POST", f"{_BASE}/jobs/validateCredentials", *SYNC_WRITE)
def validate_before(ctx: Context, sp_id: str) -> Response:
    """Test Connection before there is a job, for a template."""
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
        given = secrets.pairs(body.get("credentials"))
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
    """The whole schema, directories included."""
    document = find_job(ctx.state, sp_id, job_id).document
    return json_reply({**context_line(ctx, "synchronization/jobs/schema/$entity"), **document})


@graph_route("PUT", f"{_JOB}/schema", *SYNC_WRITE)
def put_schema(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Replace the whole schema; the next cycle looks at everything again."""
    job = find_job(ctx.state, sp_id, job_id)
    job.document = checked(ctx.body, job.document)
    job.watermark = False
    job.skipped.clear()
    return no_content()


@graph_route("GET", f"{_JOB}/schema/filterOperators", *SYNC_READ)
@graph_route("GET", f"{_JOB}/schema/filterOperators()", *SYNC_READ)
def filter_operators(ctx: Context, sp_id: str, job_id: str) -> Response:
    """The operators of scoping filters, by their wire names."""
    find_job(ctx.state, sp_id, job_id)
    context = context_line(ctx, "Collection(microsoft.graph.filterOperatorSchema)")
    return json_reply({**context, "value": operator_documents()})


@graph_route("POST", f"{_JOB}/provisionOnDemand", *SYNC_ON_DEMAND)
def provision_on_demand(ctx: Context, sp_id: str, job_id: str) -> Response:
    """Provision the named users and groups now; the job need not be started.

    Source: https://learn.microsoft.com/graph/api/synchronization-synchronizationjob-provisionondemand
    """
    job = find_job(ctx.state, sp_id, job_id)
    wanted = _subjects(job, body_object(ctx).get("parameters"))
    report = run_job(ctx.world, ctx.state, sp_id.lower(), job, frozenset(wanted))
    if report.error is not None:
        raise GraphError(400, report.error.message, report.error.code)
    failed = next((o for o in report.outcomes if o.status == "failure"), None)
    result = "Failure" if failed else ("Success" if report.outcomes else "Skipped")
    details = {"errorCode": failed.code, "errorMessage": failed.reason} if failed else {}
    if result == "Skipped":
        message = "The state of the object in both the source and target systems already match."
        details = {"errorCode": "RedundantExport", "errorMessage": message}
    context = context_line(ctx, "microsoft.graph.stringKeyStringValuePair")
    key = json.dumps({"result": result, "details": details})
    return json_reply({**context, "key": key, "value": json.dumps(report.entries)})


def _subjects(job: Job, parameters: object) -> list[str]:
    rules = job.document["synchronizationRules"]
    assert isinstance(rules, list)
    known = [rule["id"] for rule in rules if isinstance(rule, dict)]
    found: list[str] = []
    for parameter in parameters if isinstance(parameters, list) else []:
        if not isinstance(parameter, dict) or parameter.get("ruleId") not in known:
            raise bad_request("ruleId is not a rule of the job's schema.", "BadRequest")
        for subject in parameter.get("subjects") or []:
            found.append(str(subject.get("objectId", "")).lower())
    if not found:
        raise bad_request("parameters must name at least one subject.", "BadRequest")
    return found

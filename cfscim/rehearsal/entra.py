"""Entra's resources over the calls of terraform-provider-azuread 3.9.

Source: internal/services/{groups,applications,approleassignments,synchronization,users}. The
provider's waiting for replication (five polls, five seconds apart) is left out: the sandbox is
consistent. A deletion of what is gone fails, as the provider's does.
"""

import secrets
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from cfscim.config import kinds
from cfscim.config.entra_keys import Key
from cfscim.config.json_types import inner, items, string, strings
from cfscim.config.messages import ScimError
from cfscim.config.provider_settings import ENTRA_CLIENT
from cfscim.rehearsal.handler import (
    Candidate,
    Lookup,
    Outcome,
    Props,
    Resource,
    Row,
    Seen,
    Vendor,
    handlers,
    nearly,
)
from cfscim.vendors.entra import APPLICATIONS, GROUPS, PRINCIPALS, USERS
from cfscim.vendors.entra.jobs import quoted, settled
from cfscim.vendors.entra.recycle_bin import NOT_TOLD, binned, restoring
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.errors import AnswerError, unless_gone
from cfscim.vendors.http import Answer, Call, HttpClient
from cfscim.vendors.pages import member, objects, odata_pages, text, told
from cfscim.vendors.settings import Settings


def entra(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Entra, signed in as the provider signs in."""
    http = graph_http(settings, env)
    client_id = Settings(settings, env).text(*ENTRA_CLIENT)
    group = Row(
        create=lambda http, inputs: _group_created(http, inputs, client_id),
        update=_group_updated,
        item=lambda resource: f"/beta/groups/{string(resource.outputs, 'objectId')}",
        find=_groups_named,
        near=_groups_nearly_named,
        read=_group_read,
        restored_by=lambda http, group: _restored_by(http, string(group.outputs, "objectId")),
    )
    lookups: dict[str, Lookup] = {kinds.ENTRA_PEOPLE: lambda args: _users(http, args)}
    return Vendor(http, handlers(http, {**ROWS, _GROUP: group}), lookups)


_GROUP = kinds.ENTRA_GROUP


# -- the application -------------------------------------------------------------------------


def _application(template: str, app: str, principal: str) -> Outcome:
    return Outcome(
        f"/applicationTemplates/{template}/instantiate/{app}/{principal}",
        {
            "applicationId": f"/applications/{app}",
            "applicationObjectId": app,
            "servicePrincipalId": f"/servicePrincipals/{principal}",
            "servicePrincipalObjectId": principal,
        },
    )


def _application_created(http: HttpClient, inputs: Props) -> Outcome:
    template = string(inputs, "templateId")
    path = f"/v1.0/applicationTemplates/{template}/instantiate"
    answer = http.send(Call("POST", path, body={"displayName": inputs.get("displayName")}))
    app_id = text(answer, "application", "id")
    http.get(f"{APPLICATIONS}/{app_id}")
    return _application(template, app_id, text(answer, "servicePrincipal", "id"))


def _applications_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    template = string(inputs, "templateId")
    for app in _named(http, APPLICATIONS, string(inputs, "displayName")):
        if app.get("applicationTemplateId") != template:
            continue
        query = {"$filter": f"appId eq '{string(app, 'appId')}'"}
        for principal in odata_pages(http, PRINCIPALS, query):
            owner = string(principal, "id")
            application = _application(template, string(app, "id"), owner)
            facts: Props = {"displayName": app.get("displayName"), "templateId": template}
            jobs = [*odata_pages(http, f"{PRINCIPALS}/{owner}/{_JOBS}", {})]
            path = f"{PRINCIPALS}/{owner}/appRoleAssignedTo"
            assigned = len([*odata_pages(http, path, {})])
            note = "provisions" if jobs else "no provisioning job"
            note += f", {assigned} assigned" if assigned else ""
            created = string(app, "createdDateTime")
            yield Candidate(application.id, facts, created, note, bool(jobs or assigned))


def _application_read(http: HttpClient, import_id: str) -> Seen:
    _, _, template, _, app, principal = import_id.split("/")
    shown = told(http.get(f"{APPLICATIONS}/{quote(app)}"))
    facts: Props = {"displayName": shown.get("displayName"), "templateId": template}
    return Seen(_application(template, app, principal), facts)


def _restored_by(http: HttpClient, *object_ids: str) -> str:
    try:
        there = [object_id for object_id in object_ids if binned(http, object_id)]
    except AnswerError as error:
        if error.kind in NOT_TOLD:
            return ""
        raise
    return restoring(http.base, there) if there else ""


# -- groups and assignments ------------------------------------------------------------------


def _group_created(http: HttpClient, inputs: Props, client_id: str) -> Outcome:
    name = string(inputs, "displayName")
    # The provider does not escape an apostrophe here: Graph refuses such a name.
    query = {"$filter": f"displayName eq '{name}'"}
    if inputs.get("preventDuplicateNames") is True:
        for group in odata_pages(http, "/beta/groups", query):
            if group.get("displayName") == name:
                raise ScimError(
                    "Entra",
                    f'an existing group "{name}" with id {string(group, "id")} was found, and '
                    "names may not repeat",
                    "whoever is in it would get a role",
                    "rename it, or take it over with `cfscim adopt`",
                )
    body: Props = {
        **_group_body(inputs),
        "groupTypes": [],
        "isAssignableToRole": False,
        "mailNickname": _nickname(),
        # The provider makes whoever signs in the owner, where nobody else is named.
        "owners@odata.bind": [_object(http, _caller(http, client_id))],
    }
    id_ = text(http.send(Call("POST", "/beta/groups", body=body)), "id")
    for person in strings(inputs, "members"):
        _add(http, id_, person)
    return _group(id_)


def _group_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    group = string(resource.outputs, "objectId")
    path = f"/beta/groups/{group}"
    http.send(Call("PATCH", path, body=_group_body(inputs), repeatable=True))
    if resource.inputs.get("members") != inputs.get("members"):
        _set_members(http, group, strings(inputs, "members"))
    return resource.outputs


def _groups_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    for group in _named(http, "/beta/groups", string(inputs, "displayName")):
        id_ = string(group, "id")
        facts = _group_facts(http, group)
        count = len(strings(facts, "members"))
        note = f"{count} people in it" if count else "nobody in it"
        # Another stack's group of the name is empty as long as nobody has its role.
        apps = frozenset(
            string(page, "resourceDisplayName")
            for page in odata_pages(http, f"{GROUPS}/{id_}/appRoleAssignments", {})
        )
        note += f", assigned to {', '.join(sorted(apps))}" if apps else ""
        created, used = string(group, "createdDateTime"), bool(count or apps)
        yield Candidate(f"/groups/{id_}", facts, created, note, used, people=count, apps=apps)


def _groups_nearly_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    name = string(inputs, "displayName")
    query = {"$filter": f"startswith(displayName, {quoted(name)})"}
    for group, other in nearly(name, "displayName", odata_pages(http, GROUPS, query)):
        note = f'its name is "{other}", which Cloudflare takes for another'
        yield Candidate(f"/groups/{string(group, 'id')}", note=note)


def _group_read(http: HttpClient, import_id: str) -> Seen:
    group = import_id.rsplit("/", 1)[-1]
    shown = told(http.get(f"/beta/groups/{quote(group)}"))
    return Seen(_group(group), _group_facts(http, shown))


def _group_facts(http: HttpClient, group: Props) -> Props:
    path = f"/beta/groups/{string(group, 'id')}/members"
    return {
        "displayName": group.get("displayName"),
        "description": group.get("description"),
        "securityEnabled": group.get("securityEnabled"),
        "types": [*strings(group, "groupTypes")] or None,
        "members": [*sorted(string(m, "id") for m in odata_pages(http, path, {}))],
    }


def _set_members(http: HttpClient, group: str, wanted: list[str]) -> None:
    path = f"/beta/groups/{group}/members"
    present = [string(m, "id") for m in odata_pages(http, path, {})]
    for person in present:
        if person not in wanted:
            call = Call("DELETE", f"{path}/{person}/$ref")
            unless_gone(lambda call=call: http.send(call))
    for person in wanted:
        if person not in present:
            _add(http, group, person)


def _add(http: HttpClient, group: str, person: str) -> None:
    body: Props = {"@odata.id": _object(http, person)}
    http.send(Call("POST", f"/beta/groups/{group}/members/$ref", body=body))


def _caller(http: HttpClient, client_id: str) -> str:
    query = {"$filter": f"appId eq '{client_id}'", "$select": "id"}
    answer = http.get(PRINCIPALS, query)
    users = objects(answer, member(answer, "value"))
    if not users:
        raise ScimError(
            "Entra",
            f"there is no application {client_id}",
            "a group needs an owner",
            f"check {ENTRA_CLIENT.either}",
        )
    return string(users[0], "id")


def _object(http: HttpClient, object_id: str) -> str:
    return f"{http.base}/beta/directoryObjects/{object_id}"


def _group(group: str) -> Outcome:
    return Outcome(f"/groups/{group}", {"objectId": group})


def _group_body(inputs: Props) -> Props:
    return {
        "displayName": inputs.get("displayName"),
        "description": inputs.get("description"),
        "mailEnabled": inputs.get("mailEnabled") is True,
        "securityEnabled": inputs.get("securityEnabled") is True,
    }


def _nickname() -> str:
    """As the portal makes them up: eight hex digits, a dash, one more."""
    digits = secrets.token_hex(5)
    return f"{digits[:8]}-{digits[8]}"


def _assigned_to(inputs: Props) -> str:
    return f"/servicePrincipals/{string(inputs, 'resourceObjectId')}/appRoleAssignedTo"


def _assignment_body(inputs: Props) -> Props:
    return {
        "appRoleId": inputs.get("appRoleId"),
        "principalId": inputs.get("principalObjectId"),
        "resourceId": inputs.get("resourceObjectId"),
    }


def _assignment_facts(assignment: Props) -> Props:
    return {
        "appRoleId": assignment.get("appRoleId"),
        "principalObjectId": assignment.get("principalId"),
        "resourceObjectId": assignment.get("resourceId"),
    }


def _assignment_created(http: HttpClient, inputs: Props) -> Outcome:
    http.get(f"{PRINCIPALS}/{string(inputs, 'resourceObjectId')}")
    path = _assigned_to(inputs)
    answer = http.send(Call("POST", f"/v1.0{path}", body=_assignment_body(inputs)))
    return Outcome(f"{path}/{text(answer, 'id')}")


def _assignments_found(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    path = _assigned_to(inputs)
    for assignment in odata_pages(http, f"/v1.0{path}", {}):
        facts = _assignment_facts(assignment)
        if all(facts[key] == inputs.get(key) for key in ("appRoleId", "principalObjectId")):
            yield Candidate(f"{path}/{string(assignment, 'id')}", facts)


def _assignment_read(http: HttpClient, import_id: str) -> Seen | None:
    path, _, assignment = import_id.rpartition("/")
    for shown in odata_pages(http, f"/v1.0{path}", {}):
        if shown.get("id") == assignment:
            return Seen(Outcome(import_id), _assignment_facts(shown))
    return None


# -- the job and its credentials -------------------------------------------------------------

_JOBS = "synchronization/jobs"


def _jobs(inputs: Props) -> str:
    return f"{string(inputs, 'servicePrincipalId')}/{_JOBS}"


def _repeated(http: HttpClient, call: Call) -> Answer:
    """403 and 409 are repeated (synchronizationRetryFunc)."""
    return settled(http, call, (403, 409))


def _job_created(http: HttpClient, inputs: Props) -> Outcome:
    jobs = _jobs(inputs)
    body = {"templateId": inputs.get("templateId")}
    answer = _repeated(http, Call("POST", f"/v1.0{jobs}", body=body))
    path = f"{jobs}/{text(answer, 'id')}"
    _repeated(http, Call("GET", f"/v1.0{path}"))  # the provider waits for the job to appear
    if inputs.get("enabled") is not False:
        _repeated(http, Call("POST", f"/v1.0{path}/start", repeatable=True))
    return Outcome(path)


def _job_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    step = "start" if inputs.get("enabled") is not False else "pause"
    _repeated(http, Call("POST", f"/v1.0{resource.id}/{step}", repeatable=True))
    return resource.outputs


def _job_facts(principal: str, job: Props) -> Props:
    state = string(inner(job, "schedule"), "state")
    return {
        "servicePrincipalId": principal,
        "templateId": job.get("templateId"),
        "enabled": state == "Active",
    }


def _jobs_found(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    principal = string(inputs, "servicePrincipalId")
    for job in odata_pages(http, f"/v1.0{_jobs(inputs)}", {}):
        if job.get("templateId") == inputs.get("templateId"):
            yield Candidate(f"{_jobs(inputs)}/{string(job, 'id')}", _job_facts(principal, job))


def _job_read(http: HttpClient, import_id: str) -> Seen:
    principal = import_id.removesuffix(f"/{import_id.rsplit('/', 1)[-1]}").removesuffix(f"/{_JOBS}")
    shown = told(http.get(f"/v1.0{import_id}"))
    return Seen(Outcome(import_id), _job_facts(principal, shown))


def _secret_put(http: HttpClient, inputs: Props, *, blank: bool = False) -> Outcome:
    """Saves the pairs and, as the provider does, waits for exactly their number to be saved."""
    principal = string(inputs, "servicePrincipalId")
    pairs = items(inputs, "credentials")
    for pair in pairs:
        if pair.get("key") == Key.TOKEN:
            http.hide(string(pair, "value"))
    path = f"/v1.0{principal}/synchronization/secrets"
    value = [
        {"key": pair.get("key"), "value": "" if blank else pair.get("value")} for pair in pairs
    ]
    _repeated(http, Call("PUT", path, body={"value": [*value]}))
    answer = _repeated(http, Call("GET", path))
    saved = {string(item, "key") for item in objects(answer, member(answer, "value"))}
    further = sorted(saved - {string(pair, "key") for pair in pairs})
    if len(saved) != len(pairs) and not blank:
        raise ScimError(
            "Entra",
            f"it keeps a further setting, {', '.join(further)}"
            if further
            else f"it keeps {len(saved)} settings of {len(pairs)}",
            "the provider waits for exactly its own settings and ends in its time-out",
            "remove it as docs/troubleshooting.md says" if further else "run again",
        )
    return Outcome(principal)


def _secret_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    _secret_put(http, inputs)
    return resource.outputs


def _secret_refreshed(http: HttpClient, resource: Resource) -> Props:
    """What Graph hides as `*` counts as what the state has: nobody sees another token there."""
    principal = string(resource.inputs, "servicePrincipalId")
    answer = http.get(f"/v1.0{principal}/synchronization/secrets")
    known = {
        string(item, "key"): item.get("value") for item in items(resource.inputs, "credentials")
    }
    saved = {
        key: known.get(key) if item.get("value") == "*" else item.get("value")
        for item in objects(answer, member(answer, "value"))
        if (key := string(item, "key"))
    }
    order = [*(key for key in known if key in saved), *(key for key in saved if key not in known)]
    return {"credentials": [{"key": key, "value": saved[key]} for key in order]}


def _secret_deleted(http: HttpClient, resource: Resource) -> None:
    """Empties the values: there is no other way to take them away."""
    _secret_put(http, resource.inputs, blank=True)


ROWS: Mapping[str, Row] = {
    kinds.ENTRA_APP: Row(
        body=lambda inputs: {"displayName": inputs.get("displayName")},
        change="PATCH",
        item=lambda resource: f"/v1.0{string(resource.outputs, 'applicationId')}",
        create=_application_created,
        find=_applications_named,
        read=_application_read,
        restored_by=lambda http, app: _restored_by(http, *app.id.split("/")[-2:]),
    ),
    kinds.ENTRA_ASSIGNMENT: Row(
        item=lambda resource: f"/v1.0{resource.id}",
        create=_assignment_created,
        find=_assignments_found,
        read=_assignment_read,
    ),
    kinds.ENTRA_JOB: Row(
        item=lambda resource: f"/v1.0{resource.id}",
        create=_job_created,
        update=_job_updated,
        find=_jobs_found,
        read=_job_read,
    ),
    # Its value cannot be read, so nothing is imported; every creation saves it anew.
    kinds.ENTRA_CREDENTIALS: Row(
        create=_secret_put,
        update=_secret_updated,
        delete=_secret_deleted,
        refresh=_secret_refreshed,
    ),
}


def _named(http: HttpClient, path: str, name: str) -> list[Props]:
    """All of exactly this display name; Graph compares without regard to case."""
    entries = odata_pages(http, path, {"$filter": f"displayName eq {quoted(name)}"})
    return [shown for shown in entries if shown.get("displayName") == name]


def _users(http: HttpClient, args: Props) -> Props:
    shown: list[Props] = []
    for mail in strings(args, "mails"):
        shown += odata_pages(http, USERS, {"$filter": f"mail eq {quoted(mail)}"})
    return {"users": [{"objectId": user.get("id"), "mail": user.get("mail")} for user in shown]}

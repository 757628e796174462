"""Groups, applications, jobs and assignments that an interrupted run created in Entra.

Names repeat in Entra, so that a group counts by its description and members too, and an
application only while nothing is provisioned by it and nobody is assigned.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cfscim.adopt.stack_state import Unfinished
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.jobs import bare, quoted
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.http import HttpClient
from cfscim.vendors.pages import odata_pages
from cfscim.vendors.replies import Reply, read

Settings = Mapping[str, str]
_PROVIDERS_OWN = "TERRAFORM_UPDATE_"
"""How the provider calls a new group for a moment, to see whether Graph knows it yet
(terraform-provider-azuread, group_resource.go)."""


class _Group(Reply):
    id: str
    display_name: str | None = None
    description: str | None = None


class _Object(Reply):
    id: str
    app_id: str = ""
    display_name: str | None = None
    application_template_id: str | None = None


def group_left(
    one: Unfinished, _held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Import ids of the groups of this name, or of the provider's own for a moment, with this
    description and no member that was not asked for. Raises `AnswerError`."""
    name, members = one.text("displayName"), one.inputs.get("members")
    asked = {str(member) for member in members} if isinstance(members, list) else set()
    clause = f"displayName eq {quoted(name)} or startswith(displayName,{quoted(_PROVIDERS_OWN)})"
    query = {"$filter": clause, "$select": "id,displayName,description"}
    with _graph(config, env) as (http, client):
        found = odata_pages(http, "/v1.0/groups", query, needs="GroupMember.Read.All")
        groups = [read(_Group, item, "Microsoft Graph GET /v1.0/groups") for item in found]
        return [
            f"/groups/{group.id}"
            for group in groups
            if (group.display_name == name or (group.display_name or "").startswith(_PROVIDERS_OWN))
            and group.description == one.text("description")
            and client.group_member_ids(group.id) <= asked
        ]


def application_left(
    one: Unfinished, held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Import ids of the applications of this name, from this template, that do nothing yet: no
    job, nobody assigned. Raises `AnswerError`."""
    name, template = one.text("displayName"), one.text("templateId")
    with _graph(config, env) as (http, client):
        ids = []
        for app in _objects(http, "applications", f"displayName eq {quoted(name)}"):
            if app.display_name != name or app.application_template_id != template:
                continue
            for principal in _objects(http, "servicePrincipals", f"appId eq {quoted(app.app_id)}"):
                id_ = f"/applicationTemplates/{template}/instantiate/{app.id}/{principal.id}"
                idle = not client.jobs(principal.id) and not client.app_role_assignments(
                    principal.id
                )
                if id_ not in held and idle:
                    ids.append(id_)
        return ids


def job_left(one: Unfinished, _held: frozenset[str], config: Settings, env: Settings) -> list[str]:
    """Import ids of the application's jobs of this template. Raises `AnswerError`."""
    principal = bare(one.text("servicePrincipalId"))
    with GraphClient.from_settings(config, env) as client:
        return [
            f"/servicePrincipals/{principal}/synchronization/jobs/{job.id}"
            for job in client.jobs(principal)
            if job.template_id == one.text("templateId")
        ]


def assignment_left(
    one: Unfinished, _held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Import ids of this group's assignment to the application. Raises `AnswerError`."""
    principal = bare(one.text("resourceObjectId"))
    with GraphClient.from_settings(config, env) as client:
        return [
            f"/servicePrincipals/{principal}/appRoleAssignedTo/{assignment.id}"
            for assignment in client.app_role_assignments(principal)
            if assignment.principal_id == bare(one.text("principalObjectId"))
            and assignment.app_role_id == one.text("appRoleId")
        ]


def _objects(http: HttpClient, collection: str, clause: str) -> list[_Object]:
    path = f"/v1.0/{collection}"
    found = odata_pages(http, path, {"$filter": clause}, needs="Application.Read.All")
    return [read(_Object, item, f"Microsoft Graph GET {path}") for item in found]


@contextmanager
def _graph(config: Settings, env: Settings) -> Iterator[tuple[HttpClient, GraphClient]]:
    http = graph_http(config, env)
    with GraphClient(http) as client:
        yield http, client

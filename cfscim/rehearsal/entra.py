"""Entra's resources over the calls of terraform-provider-azuread 3.9.

Source: internal/services/{groups,applications,approleassignments,synchronization,users}. The
provider's waiting for replication (five polls, five seconds apart) is left out: the sandbox is
consistent.
"""

import secrets
from collections.abc import Collection, Mapping

from cfscim.config.messages import ScimError
from cfscim.rehearsal.entra_sync import Job, Secret
from cfscim.rehearsal.handler import (
    Handler,
    Held,
    Lookup,
    Made,
    Props,
    Vendor,
    gone_is_fine,
    string,
    strings,
    text,
)
from cfscim.rehearsal.loopback import require_loopback_url
from cfscim.vendors.entra.signin import find_cloud, graph_http
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.pages import member, objects, odata_pages
from cfscim.vendors.retries import Policy
from cfscim.vendors.settings import Settings


def entra(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Entra, signed in as the provider signs in. Raises `ScimError` where the cloud's metadata
    names an address that is not on this machine."""
    own = Settings(settings, env)
    cloud = find_cloud(own, Policy())
    require_loopback_url(cloud.graph, "Microsoft Graph")
    require_loopback_url(cloud.authority, "the Entra sign-in")
    http = graph_http(settings, env)
    client_id = own.text("azuread:clientId", "ARM_CLIENT_ID")
    handlers: dict[str, Handler] = {
        "azuread:index/applicationFromTemplate:ApplicationFromTemplate": _Application(http),
        "azuread:index/group:Group": _Group(http, client_id),
        "azuread:index/appRoleAssignment:AppRoleAssignment": _Assignment(http),
        "azuread:index/synchronizationJob:SynchronizationJob": Job(http),
        "azuread:index/synchronizationSecret:SynchronizationSecret": Secret(http),
    }
    lookups: dict[str, Lookup] = {
        "azuread:index/getUsers:getUsers": lambda args: _users(http, args)
    }
    return Vendor(http, handlers, lookups)


class _Application(Handler):
    """An application made from a gallery template, with its service principal."""

    replace_on = frozenset({"templateId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        name, template = string(inputs, "displayName"), string(inputs, "templateId")
        for app in _named(self._http, "/v1.0/applications", name):
            app_id = string(app, "id")
            if app.get("applicationTemplateId") != template or _is_taken(app_id, template, taken):
                continue
            query = {"$filter": f"appId eq '{string(app, 'appId')}'"}
            for principal in odata_pages(self._http, "/v1.0/servicePrincipals", query):
                return _application(template, app_id, string(principal, "id"), adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        template = string(inputs, "templateId")
        path = f"/v1.0/applicationTemplates/{template}/instantiate"
        body: Props = {"displayName": inputs.get("displayName")}
        answer = self._http.send(Call("POST", path, body=body))
        app_id = text(answer, "application", "id")
        self._http.get(f"/v1.0/applications/{app_id}")
        return _application(template, app_id, text(answer, "servicePrincipal", "id"))

    def update(self, held: Held, inputs: Props) -> Props:
        body: Props = {"displayName": inputs.get("displayName")}
        self._http.send(Call("PATCH", self._path(held), body=body, repeatable=True))
        return held.outputs

    def delete(self, held: Held) -> None:
        gone_is_fine(lambda: self._http.send(Call("DELETE", self._path(held))))

    def _path(self, held: Held) -> str:
        return f"/v1.0{string(held.outputs, 'applicationId')}"


class _Group(Handler):
    """A security group, with its members where they are declared."""

    replace_on = frozenset({"types", "assignableToRole"})

    def __init__(self, http: HttpClient, client_id: str) -> None:
        self._http = http
        self._client_id = client_id

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        name, members = string(inputs, "displayName"), inputs.get("members")
        for group in _named(self._http, "/beta/groups", name):
            found = string(group, "id")
            if f"/groups/{found}" not in taken:
                self._patch(found, inputs)
                if members is not None:
                    self._set_members(found, strings(inputs, "members"))
                return _group(found, adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        body: Props = {
            **_group_body(inputs),
            "groupTypes": [],
            "isAssignableToRole": False,
            "mailNickname": _nickname(),
            # The provider makes whoever signs in the owner, where nobody else is named.
            "owners@odata.bind": [self._object(self._caller())],
        }
        made = text(self._http.send(Call("POST", "/beta/groups", body=body)), "id")
        for person in strings(inputs, "members"):
            self._add(made, person)
        return _group(made)

    def update(self, held: Held, inputs: Props) -> Props:
        group = string(held.outputs, "objectId")
        self._patch(group, inputs)
        if held.inputs.get("members") != inputs.get("members"):
            self._set_members(group, strings(inputs, "members"))
        return held.outputs

    def delete(self, held: Held) -> None:
        path = f"/beta/groups/{string(held.outputs, 'objectId')}"
        gone_is_fine(lambda: self._http.send(Call("DELETE", path)))

    def _patch(self, group: str, inputs: Props) -> None:
        call = Call("PATCH", f"/beta/groups/{group}", body=_group_body(inputs), repeatable=True)
        self._http.send(call)

    def _set_members(self, group: str, wanted: list[str]) -> None:
        path = f"/beta/groups/{group}/members"
        present = [string(m, "id") for m in odata_pages(self._http, path, {})]
        for person in present:
            if person not in wanted:
                call = Call("DELETE", f"{path}/{person}/$ref")
                gone_is_fine(lambda call=call: self._http.send(call))
        for person in wanted:
            if person not in present:
                self._add(group, person)

    def _add(self, group: str, member: str) -> None:
        body: Props = {"@odata.id": self._object(member)}
        self._http.send(Call("POST", f"/beta/groups/{group}/members/$ref", body=body))

    def _caller(self) -> str:
        query = {"$filter": f"appId eq '{self._client_id}'", "$select": "id"}
        answer = self._http.get("/v1.0/servicePrincipals", query)
        found = objects(answer, member(answer, "value"))
        if not found:
            raise ScimError(
                f"Entra knows no application {self._client_id}; a group needs an owner; "
                "check azuread:clientId or ARM_CLIENT_ID"
            )
        return string(found[0], "id")

    def _object(self, object_id: str) -> str:
        return f"{self._http.base}/beta/directoryObjects/{object_id}"


class _Assignment(Handler):
    """A group's role in the application."""

    replace_on = frozenset({"appRoleId", "principalObjectId", "resourceObjectId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, _taken: Collection[str]) -> Made | None:
        wanted = _assignment_body(inputs)
        for found in odata_pages(self._http, f"/v1.0{_assigned_to(inputs)}", {}):
            if all(found.get(key) == value for key, value in wanted.items()):
                return Made(f"{_assigned_to(inputs)}/{string(found, 'id')}", adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        self._http.get(f"/v1.0/servicePrincipals/{string(inputs, 'resourceObjectId')}")
        path, body = _assigned_to(inputs), _assignment_body(inputs)
        answer = self._http.send(Call("POST", f"/v1.0{path}", body=body))
        return Made(f"{path}/{text(answer, 'id')}")

    def delete(self, held: Held) -> None:
        gone_is_fine(lambda: self._http.send(Call("DELETE", f"/v1.0{held.id}")))


def _application(template: str, app: str, principal: str, *, adopted: bool = False) -> Made:
    return Made(
        f"/applicationTemplates/{template}/instantiate/{app}/{principal}",
        {
            "applicationId": f"/applications/{app}",
            "applicationObjectId": app,
            "servicePrincipalId": f"/servicePrincipals/{principal}",
            "servicePrincipalObjectId": principal,
        },
        adopted,
    )


def _is_taken(app: str, template: str, taken: Collection[str]) -> bool:
    return any(t.startswith(f"/applicationTemplates/{template}/instantiate/{app}/") for t in taken)


def _group(group: str, *, adopted: bool = False) -> Made:
    return Made(f"/groups/{group}", {"objectId": group}, adopted)


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


def _named(http: HttpClient, path: str, name: str) -> list[Props]:
    """All of exactly this display name; Graph compares without regard to case."""
    escaped = name.replace("'", "''")
    found = odata_pages(http, path, {"$filter": f"displayName eq '{escaped}'"})
    return [one for one in found if one.get("displayName") == name]


def _users(http: HttpClient, args: Props) -> Props:
    found: list[Props] = []
    for mail in strings(args, "mails"):
        escaped = mail.replace("'", "''")
        found += odata_pages(http, "/v1.0/users", {"$filter": f"mail eq '{escaped}'"})
    return {"users": [{"objectId": user.get("id"), "mail": user.get("mail")} for user in found]}

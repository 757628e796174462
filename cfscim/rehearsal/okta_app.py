"""An Okta app and what hangs on it: assignments, pushed groups, connection, features.

Source: terraform-provider-okta 6.12, okta/services/idaas/resource_okta_app_*.go and
resource_okta_push_group.go.
"""

import json
from collections.abc import Collection
from urllib.parse import quote

from cfscim.config.json_types import Json
from cfscim.rehearsal.handler import (
    Handler,
    Held,
    Made,
    Props,
    gone_is_fine,
    items,
    string,
    text,
)
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.pages import link_pages


class SamlApp(Handler):
    """An app of the catalogue."""

    replace_on = frozenset({"preconfiguredApp"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        label = string(inputs, "label")
        for app in link_pages(self._http, "/api/v1/apps", {"q": label, "limit": "200"}):
            same = (app.get("label"), app.get("name")) == (label, inputs.get("preconfiguredApp"))
            if same and app.get("id") not in taken:
                found = str(app.get("id"))
                self._http.send(Call("PUT", _app(found), body=_app_body(inputs)))
                self._set_status(found, inputs)
                return Made(found, adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        query = {"activate": "true" if inputs.get("status") == "ACTIVE" else "false"}
        answer = self._http.send(Call("POST", "/api/v1/apps", query, body=_app_body(inputs)))
        made = text(answer, "id")
        self._use_default_policy(made)
        return Made(made)

    def update(self, held: Held, inputs: Props) -> Props:
        if held.inputs.get("status") != inputs.get("status"):
            self._set_status(held.id, inputs)
        if {**held.inputs, "status": None} != {**inputs, "status": None}:
            self._http.send(Call("PUT", _app(held.id), body=_app_body(inputs)))
            self._use_default_policy(held.id)
        return held.outputs

    def delete(self, held: Held) -> None:
        def deleted() -> None:
            # Okta refuses to delete an active app.
            self._http.send(Call("POST", f"{_app(held.id)}/lifecycle/deactivate"))
            self._http.send(Call("DELETE", _app(held.id)))

        gone_is_fine(deleted)

    def _set_status(self, app: str, inputs: Props) -> None:
        step = "activate" if inputs.get("status") == "ACTIVE" else "deactivate"
        self._http.send(Call("POST", f"{_app(app)}/lifecycle/{step}"))

    def _use_default_policy(self, app: str) -> None:
        policies = link_pages(self._http, "/api/v1/policies", {"type": "ACCESS_POLICY"})
        for policy in policies:
            if policy.get("system"):
                self._http.send(Call("PUT", f"{_app(app)}/policies/{policy.get('id')}"))


class AppAssignments(Handler):
    """The groups assigned to an app: all of them, by this one resource."""

    replace_on = frozenset({"appId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        self._assign(inputs)
        return Made(string(inputs, "appId"))

    def update(self, held: Held, inputs: Props) -> Props:
        kept = {string(group, "id") for group in items(inputs, "groups")}
        for group in items(held.inputs, "groups"):
            if string(group, "id") not in kept:
                self._unassign(held, group)
        self._assign(inputs)
        return held.outputs

    def delete(self, held: Held) -> None:
        for group in items(held.inputs, "groups"):
            self._unassign(held, group)

    def _assign(self, inputs: Props) -> None:
        for group in items(inputs, "groups"):
            body: Props = {"profile": json.loads(string(group, "profile") or "{}")}
            if group.get("priority") is not None:
                body["priority"] = int(string(group, "priority"))
            path = f"{_app(string(inputs, 'appId'))}/groups/{quote(string(group, 'id'))}"
            self._http.send(Call("PUT", path, body=body))

    def _unassign(self, held: Held, group: Props) -> None:
        path = f"{_app(held.id)}/groups/{quote(string(group, 'id'))}"
        gone_is_fine(lambda: self._http.send(Call("DELETE", path)))


class PushGroup(Handler):
    """A group pushed to the app."""

    replace_on = frozenset({"appId", "sourceGroupId", "targetGroupId", "targetGroupName"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        path, source = _mappings(inputs), string(inputs, "sourceGroupId")
        for mapping in link_pages(self._http, path, {"sourceGroupId": source}):
            if mapping.get("id") not in taken:
                # One in ERROR takes no change: Okta pushes it again, and `verify` says what fails.
                if mapping.get("status") not in (inputs.get("status"), "ERROR"):
                    self._set_status(path, str(mapping.get("id")), inputs.get("status"))
                return Made(str(mapping.get("id")), adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        path, source = _mappings(inputs), string(inputs, "sourceGroupId")
        body: Props = {"sourceGroupId": source, "status": inputs.get("status")}
        if inputs.get("targetGroupId"):
            body["targetGroupId"] = inputs["targetGroupId"]
        else:
            name = string(inputs, "targetGroupName") or self._name_of(source)
            body["targetGroupName"] = name
        return Made(text(self._http.send(Call("POST", path, body=body)), "id"))

    def update(self, held: Held, inputs: Props) -> Props:
        if held.inputs.get("status") != inputs.get("status"):
            self._set_status(_mappings(inputs), held.id, inputs.get("status"))
        return held.outputs

    def delete(self, held: Held) -> None:
        path = _mappings(held.inputs)
        # The provider's default is to delete the group at the target as well.
        target = held.inputs.get("deleteTargetGroupOnDestroy") is not False

        def deleted() -> None:
            self._set_status(path, held.id, "INACTIVE")
            query = {"deleteTargetGroup": "true" if target else "false"}
            self._http.send(Call("DELETE", f"{path}/{held.id}", query))

        gone_is_fine(deleted)

    def _name_of(self, group: str) -> str:
        return text(self._http.get(f"/api/v1/groups/{quote(group)}"), "profile", "name")

    def _set_status(self, path: str, mapping: str, status: Json) -> None:
        call = Call("PATCH", f"{path}/{mapping}", body={"status": status}, repeatable=True)
        self._http.send(call)


class Connection(Handler):
    """The app's provisioning connection. Whatever Okta answers is taken, as the provider does:
    it is the gate's business to read it back."""

    replace_on = frozenset({"idProperty"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        self._connect(inputs)
        return Made(string(inputs, "idProperty"))

    def update(self, held: Held, inputs: Props) -> Props:
        self._connect(inputs)
        if inputs.get("action") == "deactivate":
            self._http.send(Call("POST", f"{_connection(inputs)}/lifecycle/deactivate"))
        return held.outputs

    def delete(self, held: Held) -> None:
        """Okta has no way to delete it; it goes with the app."""

    def _connect(self, inputs: Props) -> None:
        given = inputs.get("profile")
        profile = given if isinstance(given, dict) else {}
        body: Props = {"baseUrl": inputs.get("baseUrl"), "profile": dict(profile)}
        self._http.send(Call("POST", _connection(inputs), body=body))
        if inputs.get("action") == "activate":
            self._http.send(Call("POST", f"{_connection(inputs)}/lifecycle/activate"))


class Features(Handler):
    """The app's provisioning features."""

    replace_on = frozenset({"appId", "name"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        self._set(inputs)
        return Made(f"{string(inputs, 'appId')}/{string(inputs, 'name')}")

    def update(self, held: Held, inputs: Props) -> Props:
        self._set(inputs)
        return held.outputs

    def delete(self, held: Held) -> None:
        """Okta has no way to delete them; they go with the app."""

    def _set(self, inputs: Props) -> None:
        path = f"{_app(string(inputs, 'appId'))}/features/{quote(string(inputs, 'name'))}"
        self._http.send(Call("PUT", path, body=inputs.get("capabilities")))


def _app(app: str) -> str:
    return f"/api/v1/apps/{quote(app)}"


def _mappings(inputs: Props) -> str:
    return f"{_app(string(inputs, 'appId'))}/group-push/mappings"


def _connection(inputs: Props) -> str:
    return f"{_app(string(inputs, 'idProperty'))}/connections/default"


def _app_body(inputs: Props) -> Props:
    """What the provider builds: everything it knows, so that a PUT leaves nothing as it was."""
    visibility: Props = {
        "autoSubmitToolbar": inputs.get("autoSubmitToolbar") is True,
        "hide": {"iOS": inputs.get("hideIos") is True, "web": inputs.get("hideWeb") is True},
    }
    if inputs.get("appLinksJson"):
        visibility["appLinks"] = json.loads(string(inputs, "appLinksJson"))
    return {
        "name": inputs.get("preconfiguredApp"),
        "label": inputs.get("label"),
        "signOnMode": "SAML_2_0",
        "visibility": visibility,
        "accessibility": {"selfService": inputs.get("accessibilitySelfService") is True},
        "settings": {
            "app": json.loads(string(inputs, "appSettingsJson") or "{}"),
            "implicitAssignment": inputs.get("implicitAssignment") is True,
            "notes": {},
            "signOn": {"attributeStatements": [], "allowMultipleAcsEndpoints": False},
        },
        "credentials": {
            "userNameTemplate": {
                "template": string(inputs, "userNameTemplate") or "${source.login}",
                "type": string(inputs, "userNameTemplateType") or "BUILT_IN",
            }
        },
    }

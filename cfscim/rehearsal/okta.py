"""Okta's resources over the calls of terraform-provider-okta 6.12.

Source: okta/services/idaas/resource_okta_*.go and app.go.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from cfscim.config import kinds
from cfscim.config.json_types import inner, items, string, strings
from cfscim.config.messages import ScimError
from cfscim.rehearsal.handler import (
    Candidate,
    Lookup,
    Outcome,
    Props,
    Resource,
    Row,
    Seen,
    Vendor,
    gone_stops,
    handlers,
    named,
    nearly,
)
from cfscim.vendors.errors import AnswerError, unless_gone
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.okta import APPS, GROUPS, PAGE, POLICIES, USERS
from cfscim.vendors.okta.lookups import groups_named
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import link_pages, text, told


def okta(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Okta, signed in as the provider signs in."""
    http = okta_http(settings, env)
    lookups: dict[str, Lookup] = {kinds.OKTA_PEOPLE: lambda args: _users(http, args)}
    return Vendor(http, handlers(http, ROWS), lookups)


# -- groups and who is in them ---------------------------------------------------------------


def _profile(inputs: Props) -> Props:
    return {"profile": {"name": inputs.get("name"), "description": string(inputs, "description")}}


def _group_facts(group: Props) -> Props:
    profile = inner(group, "profile")
    return {"name": profile.get("name"), "description": profile.get("description") or None}


def _group_created(http: HttpClient, inputs: Props) -> Outcome:
    """The provider asks for the new group before it believes that there is one."""
    id_ = text(http.send(Call("POST", GROUPS, body=_profile(inputs))), "id")
    text(http.get(f"{GROUPS}/{quote(id_)}"), "id")
    return Outcome(id_)


def _groups_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    """Okta's own groups of exactly the name."""
    for group in groups_named(http, string(inputs, "name")):
        if group.get("type") == "OKTA_GROUP":
            id_ = string(group, "id")
            members = len(_members(http, id_))
            note = f"{members} people in it" if members else "nobody in it"
            facts, created = _group_facts(group), string(group, "created")
            yield Candidate(id_, facts, created, note, members > 0, people=members)


def _groups_nearly_named(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    """Okta refuses a second one of such a name, and of the name of an app's group (P, #1794)."""
    name = string(inputs, "name")
    barring = [*groups_in_the_way(http, name)]
    for group, other in sorted(barring, key=lambda pair: pair[1] == name):
        note = (
            "an app's group has the name: rename it in the app that it is of"
            if other == name
            else f'its name is "{other}", and Okta takes no second one of it'
        )
        yield Candidate(string(group, "id"), note=note, bars=True)


def groups_in_the_way(http: HttpClient, name: str) -> Iterator[tuple[Props, str]]:
    """Groups that Okta takes for one of the name and that are none of its own, each with its name:
    an app's group of the name, where Okta has none of it, and any that is called nearly so."""
    begin = [
        {**group, "name": string(inner(group, "profile"), "name")}
        for group in link_pages(http, GROUPS, {"q": name, "limit": str(PAGE)})
    ]
    exact = named(name, "name", begin)
    if all(group.get("type") == "APP_GROUP" for group in exact):  # a pushed group has its own
        yield from ((group, name) for group in exact)
    yield from nearly(name, "name", begin)


def _group_read(http: HttpClient, import_id: str) -> Seen:
    group = told(http.get(f"{GROUPS}/{quote(import_id)}"))
    return Seen(Outcome(import_id), _group_facts(group))


def _memberships_created(http: HttpClient, inputs: Props) -> Outcome:
    """Adds, and removes nobody: who else is in it shows at the next refresh."""
    group = string(inputs, "groupId")
    _add(http, [(group, user) for user in strings(inputs, "users")])
    return Outcome(group)


def _memberships_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    """Drops the vendor's refusal, as `resourceGroupMembershipsUpdate` does (#2866)."""
    before, after = strings(resource.inputs, "users"), strings(inputs, "users")
    for change, users in (
        (_add, [user for user in after if user not in before]),
        (_remove, [user for user in before if user not in after]),
    ):
        try:
            change(http, [(resource.id, user) for user in users])
        except AnswerError as error:
            if error.kind in ("unreachable", "timeout", "unavailable"):
                raise
    return resource.outputs


def _memberships_found(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    group = string(inputs, "groupId")
    yield Candidate(f"{group}/true", {"users": [*sorted(_members(http, group))]})


def _memberships_read(http: HttpClient, import_id: str) -> Seen:
    group, _, tracked = import_id.partition("/")
    facts: Props = {"groupId": group, "users": [*sorted(_members(http, group))]}
    return Seen(Outcome(group), {**facts, "trackAllUsers": tracked == "true"})


def _person_refreshed(http: HttpClient, resource: Resource) -> Props | None:
    """Gone as soon as one of the groups lacks the person; adding again is what puts it right."""
    groups = strings(resource.inputs, "groups")
    return {} if all(resource.id in _members(http, group) for group in groups) else None


def _person_created(http: HttpClient, inputs: Props) -> Outcome:
    user = string(inputs, "userId")
    _add(http, [(group, user) for group in strings(inputs, "groups")])
    return Outcome(user)


def _person_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    before, after = strings(resource.inputs, "groups"), strings(inputs, "groups")
    _add(http, [(group, resource.id) for group in after if group not in before])
    _remove(http, [(group, resource.id) for group in before if group not in after])
    return resource.outputs


def _members(http: HttpClient, group: str) -> list[str]:
    path = f"{GROUPS}/{quote(group)}/users"
    return [string(user, "id") for user in link_pages(http, path, {"limit": str(PAGE)})]


def _add(http: HttpClient, members: list[tuple[str, str]]) -> None:
    for group, user in members:
        http.send(Call("PUT", f"{GROUPS}/{quote(group)}/users/{quote(user)}"))


def _remove(http: HttpClient, members: list[tuple[str, str]]) -> None:
    for group, user in members:
        call = Call("DELETE", f"{GROUPS}/{quote(group)}/users/{quote(user)}")
        unless_gone(lambda call=call: http.send(call))


# -- the app and what hangs on it ------------------------------------------------------------


def _app(app: str) -> str:
    return f"{APPS}/{quote(app)}"


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


def _app_facts(app: Props) -> Props:
    visibility, template = inner(app, "visibility"), inner(app, "credentials", "userNameTemplate")
    return {
        "preconfiguredApp": app.get("name"),
        "label": app.get("label"),
        "status": app.get("status"),
        "autoSubmitToolbar": visibility.get("autoSubmitToolbar"),
        "hideIos": inner(visibility, "hide").get("iOS"),
        "hideWeb": inner(visibility, "hide").get("web"),
        "userNameTemplate": template.get("template"),
        "userNameTemplateType": template.get("type"),
    }


def _apps_labelled(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    """Apps of exactly the label, made from the catalogue entry; labels may repeat."""
    label = string(inputs, "label")
    apps = link_pages(http, APPS, {"q": label, "limit": str(PAGE)})
    for app in named(label, "label", apps):
        if app.get("name") == inputs.get("preconfiguredApp"):
            at = _app(string(app, "id"))
            by = {
                "groups assigned": len([*link_pages(http, f"{at}/groups", {"limit": str(PAGE)})]),
                "people assigned": len([*link_pages(http, f"{at}/users", {"limit": "500"})]),
            }
            note = ", ".join(f"{count} {what}" for what, count in by.items() if count)
            created, used = string(app, "created"), any(by.values())
            note = note or "nobody assigned"
            yield Candidate(string(app, "id"), _app_facts(app), created, note, used)


def _apps_of_the_entry(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    """Apps of the catalogue's entry under another label."""
    entry = string(inputs, "preconfiguredApp")
    for app in link_pages(http, APPS, {"filter": f'name eq "{entry}"', "limit": str(PAGE)}):
        if app.get("label") != inputs.get("label"):
            note = f'its label is "{string(app, "label")}": if it is meant, write that as appLabel'
            yield Candidate(string(app, "id"), note=note)


def _app_read(http: HttpClient, import_id: str) -> Seen:
    return Seen(Outcome(import_id), _app_facts(told(http.get(_app(import_id)))))


def _app_created(http: HttpClient, inputs: Props) -> Outcome:
    query = {"activate": "true" if inputs.get("status") == "ACTIVE" else "false"}
    id_ = text(http.send(Call("POST", APPS, query, body=_app_body(inputs))), "id")
    _use_default_policy(http, id_)
    return Outcome(id_)


def _app_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    if resource.inputs.get("status") != inputs.get("status"):
        step = "activate" if inputs.get("status") == "ACTIVE" else "deactivate"
        http.send(Call("POST", f"{_app(resource.id)}/lifecycle/{step}"))
    if {**resource.inputs, "status": None} != {**inputs, "status": None}:
        http.send(Call("PUT", _app(resource.id), body=_app_body(inputs)))
        _use_default_policy(http, resource.id)
    return resource.outputs


def _app_deleted(http: HttpClient, resource: Resource) -> None:
    # Okta refuses to delete an active app.
    http.send(Call("POST", f"{_app(resource.id)}/lifecycle/deactivate", repeatable=True))
    http.send(Call("DELETE", _app(resource.id)))


def _use_default_policy(http: HttpClient, app: str) -> None:
    for policy in link_pages(http, POLICIES, {"type": "ACCESS_POLICY"}):
        if policy.get("system"):
            http.send(Call("PUT", f"{_app(app)}/policies/{policy.get('id')}"))


def _assigned(http: HttpClient, inputs: Props) -> Outcome:
    app = string(inputs, "appId")
    for group in items(inputs, "groups"):
        body: Props = {"profile": json.loads(string(group, "profile") or "{}")}
        if group.get("priority") is not None:
            body["priority"] = int(string(group, "priority"))
        http.send(Call("PUT", f"{_app(app)}/groups/{quote(string(group, 'id'))}", body=body))
    return Outcome(app)


def _assignments_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    wanted = {string(group, "id") for group in items(inputs, "groups")}
    for group in items(resource.inputs, "groups"):
        if string(group, "id") not in wanted:
            _unassign(http, resource, group)
    _assigned(http, inputs)
    return resource.outputs


def _assignments_deleted(http: HttpClient, resource: Resource) -> None:
    for group in items(resource.inputs, "groups"):
        _unassign(http, resource, group)


def _unassign(http: HttpClient, resource: Resource, group: Props) -> None:
    path = f"{_app(resource.id)}/groups/{quote(string(group, 'id'))}"
    unless_gone(lambda: http.send(Call("DELETE", path)))


def _assigned_groups(http: HttpClient, app: str) -> Props:
    groups = link_pages(http, f"{_app(app)}/groups", {"limit": str(PAGE)})
    return {
        "appId": app,
        "groups": [
            # C (buildProfile): what the config does not name is left out; nulls stand for nothing.
            {"id": string(group, "id"), "profile": json.dumps(_given(inner(group, "profile")))}
            for group in groups
        ],
    }


def _given(profile: Props) -> Props:
    return {key: value for key, value in profile.items() if value is not None}


def _assignments_found(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    facts = _assigned_groups(http, string(inputs, "appId"))
    if facts["groups"]:
        yield Candidate(string(inputs, "appId"), facts)


def _mappings(inputs: Props) -> str:
    return f"{_app(string(inputs, 'appId'))}/group-push/mappings"


def _push_created(http: HttpClient, inputs: Props) -> Outcome:
    source = string(inputs, "sourceGroupId")
    body: Props = {"sourceGroupId": source, "status": inputs.get("status")}
    if inputs.get("targetGroupId"):
        body["targetGroupId"] = inputs["targetGroupId"]
    else:
        group = http.get(f"{GROUPS}/{quote(source)}")
        given = string(inputs, "targetGroupName")
        body["targetGroupName"] = given or text(group, "profile", "name")
    answer = http.send(Call("POST", _mappings(inputs), body=body))
    status = told(answer).get("status")
    return Outcome(text(answer, "id"), {"status": status})


def _push_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    _allowed(resource)
    call = Call(
        "PATCH",
        f"{_mappings(inputs)}/{resource.id}",
        body={"status": inputs.get("status")},
        repeatable=True,
    )
    http.send(call)
    return {**resource.outputs, "status": inputs.get("status")}


def _push_deleted(http: HttpClient, resource: Resource) -> None:
    """A mapping removed elsewhere is an error here, as it is the provider's (#2807)."""
    _allowed(resource)
    path = f"{_mappings(resource.inputs)}/{resource.id}"
    # The provider's default is to delete the group at the target as well.
    target = resource.inputs.get("deleteTargetGroupOnDestroy") is not False
    try:
        if resource.outputs.get("status") != "INACTIVE":
            http.send(Call("PATCH", path, body={"status": "INACTIVE"}, repeatable=True))
        http.send(Call("DELETE", path, {"deleteTargetGroup": "true" if target else "false"}))
    except AnswerError as error:
        if error.kind != "not found":
            raise
        raise gone_stops(kinds.OKTA_PUSH) from None


def _allowed(resource: Resource) -> None:
    if resource.outputs.get("status") not in (None, "ACTIVE", "INACTIVE"):
        raise ScimError(
            "Okta",
            "the push mapping is in ERROR, a disallowed status",
            "the provider neither changes nor deletes such a mapping",
            "push the group again in Okta, or unlink it there, and run `pulumi refresh`",
        )


def _push_facts(app: str, mapping: Props) -> Props:
    return {
        "appId": app,
        "sourceGroupId": mapping.get("sourceGroupId"),
        "status": mapping.get("status"),
    }


def _pushes_of(http: HttpClient, inputs: Props) -> Iterator[Candidate]:
    app, source = string(inputs, "appId"), string(inputs, "sourceGroupId")
    for mapping in link_pages(http, _mappings(inputs), {"sourceGroupId": source}):
        if mapping.get("sourceGroupId") == source:
            note = string(mapping, "errorSummary")
            created = string(mapping, "created")
            facts = {**_push_facts(app, mapping), **_other_target(http, mapping)}
            yield Candidate(f"{app}/{string(mapping, 'id')}", facts, created, note)


def _other_target(http: HttpClient, mapping: Props) -> Props:
    """The name of the group that is pushed to, where it is not the pushed group's: its people get
    another role than the group's name says."""
    names = []
    for key in ("sourceGroupId", "targetGroupId"):
        path = f"{GROUPS}/{quote(string(mapping, key))}"
        if (group := unless_gone(lambda path=path: http.get(path))) is None:
            return {}
        names.append(text(group, "profile", "name"))
    return {} if names[0] == names[1] else {"targetGroupName": names[1]}


def _push_read(http: HttpClient, import_id: str) -> Seen:
    app, _, mapping = import_id.partition("/")
    answer = http.get(f"{_mappings({'appId': app})}/{quote(mapping)}")
    shown = told(answer)
    return Seen(Outcome(mapping, {"status": shown.get("status")}), _push_facts(app, shown))


def _connection(inputs: Props) -> str:
    return f"{_app(string(inputs, 'idProperty'))}/connections/default"


def _connected(http: HttpClient, inputs: Props) -> Outcome:
    """Whatever Okta answers is taken, as the provider does: the gate reads it back."""
    body: Props = {"baseUrl": inputs.get("baseUrl"), "profile": inner(inputs, "profile")}
    http.send(Call("POST", _connection(inputs), body=body))
    if inputs.get("action") == "activate":
        http.send(Call("POST", f"{_connection(inputs)}/lifecycle/activate"))
    return Outcome(string(inputs, "idProperty"))


def _connection_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    _connected(http, inputs)
    if inputs.get("action") == "deactivate":
        http.send(Call("POST", f"{_connection(inputs)}/lifecycle/deactivate"))
    return resource.outputs


def _connection_refreshed(http: HttpClient, resource: Resource) -> Props:
    """The address alone (C: updateAppConnectionState): a connection that was switched off by hand
    is not seen."""
    return {"baseUrl": told(http.get(_connection(resource.inputs))).get("baseUrl")}


def _features_set(http: HttpClient, inputs: Props) -> Outcome:
    app, name = string(inputs, "appId"), string(inputs, "name")
    path = f"{_app(app)}/features/{quote(name)}"
    http.send(Call("PUT", path, body=inputs.get("capabilities")))
    return Outcome(f"{app}/{name}")


def _features_updated(http: HttpClient, resource: Resource, inputs: Props) -> Props:
    _features_set(http, inputs)
    return resource.outputs


def _features_refreshed(http: HttpClient, resource: Resource) -> Props:
    name = quote(string(resource.inputs, "name"))
    path = f"{_app(string(resource.inputs, 'appId'))}/features/{name}"
    shown = told(http.get(path))
    # Declared or not (C: updateUserProvisioningFeature): what is left out differs from now on.
    return {"status": shown.get("status"), "capabilities": inner(shown, "capabilities")}


def _stays(_http: HttpClient, _held: Resource) -> None:
    """Okta has no way to delete it; it goes with the app."""


ROWS: Mapping[str, Row] = {
    kinds.OKTA_GROUP: Row(
        path=lambda _inputs: GROUPS,
        body=_profile,
        change="PUT",
        create=_group_created,
        find=_groups_named,
        near=_groups_nearly_named,
        read=_group_read,
    ),
    kinds.OKTA_MEMBERS: Row(
        create=_memberships_created,
        update=_memberships_updated,
        delete=lambda http, resource: _remove(
            http, [(resource.id, user) for user in strings(resource.inputs, "users")]
        ),
        find=_memberships_found,
        read=_memberships_read,
        import_id=lambda resource: f"{resource.id}/true",
    ),
    # Cannot be imported (Importer: nil); creating it again only adds.
    kinds.OKTA_PERSON: Row(
        create=_person_created,
        update=_person_updated,
        delete=lambda http, resource: _remove(
            http, [(group, resource.id) for group in strings(resource.inputs, "groups")]
        ),
        refresh=_person_refreshed,
    ),
    kinds.OKTA_APP: Row(
        create=_app_created,
        update=_app_updated,
        delete=_app_deleted,
        find=_apps_labelled,
        near=_apps_of_the_entry,
        read=_app_read,
    ),
    kinds.OKTA_ASSIGNMENTS: Row(
        create=_assigned,
        update=_assignments_updated,
        delete=_assignments_deleted,
        find=_assignments_found,
        read=lambda http, app: Seen(Outcome(app), _assigned_groups(http, app)),
    ),
    kinds.OKTA_PUSH: Row(
        create=_push_created,
        update=_push_updated,
        delete=_push_deleted,
        find=_pushes_of,
        read=_push_read,
        import_id=lambda resource: f"{string(resource.inputs, 'appId')}/{resource.id}",
        gone_fails=True,
    ),
    # Both are written whole by every creation, so nothing is gained by importing them.
    kinds.OKTA_CONNECTION: Row(
        create=_connected,
        update=_connection_updated,
        delete=_stays,
        refresh=_connection_refreshed,
        gone_fails=True,
    ),
    kinds.OKTA_FEATURES: Row(
        create=_features_set,
        update=_features_updated,
        delete=_stays,
        refresh=_features_refreshed,
        gone_fails=True,
    ),
}


def _users(http: HttpClient, args: Props) -> Props:
    clauses = [
        f'{string(s, "name")} {string(s, "comparison") or "eq"} "{string(s, "value")}"'
        for s in items(args, "searches")
    ]
    search = f" {string(args, 'compoundSearchOperator') or 'and'} ".join(clauses)
    query = {"search": search, "limit": str(PAGE), "sortOrder": "0"}
    return {"users": [*_shown(link_pages(http, USERS, query))]}


def _shown(users: Iterable[Props]) -> Iterator[Props]:
    for user in users:
        profile = inner(user, "profile")
        yield {
            "id": user.get("id"),
            "status": user.get("status"),
            "email": profile.get("email"),
            "login": profile.get("login"),
        }

"""Okta's resources over the calls of terraform-provider-okta 6.12.

Source: okta/services/idaas/resource_okta_*.go and app.go. The settings of an app's provisioning
are in `okta_app.py`.
"""

from collections.abc import Collection, Mapping
from urllib.parse import quote

from cfscim.rehearsal.handler import (
    Handler,
    Held,
    Lookup,
    Made,
    Props,
    Vendor,
    gone_is_fine,
    items,
    string,
    strings,
    text,
)
from cfscim.rehearsal.okta_app import AppAssignments, Connection, Features, PushGroup, SamlApp
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import link_pages


def okta(settings: Mapping[str, str], env: Mapping[str, str]) -> Vendor:
    """Okta, signed in as the provider signs in."""
    http = okta_http(settings, env)
    handlers: dict[str, Handler] = {
        "okta:group/group:Group": _Group(http),
        "okta:index/groupMemberships:GroupMemberships": _GroupMemberships(http),
        "okta:index/userGroupMemberships:UserGroupMemberships": _UserGroupMemberships(http),
        "okta:app/saml:Saml": SamlApp(http),
        "okta:index/appGroupAssignments:AppGroupAssignments": AppAssignments(http),
        "okta:index/pushGroup:PushGroup": PushGroup(http),
        "okta:app/connection:Connection": Connection(http),
        "okta:app/features:Features": Features(http),
    }
    lookups: dict[str, Lookup] = {"okta:user/getUsers:getUsers": lambda args: _users(http, args)}
    return Vendor(http, handlers, lookups)


class _Group(Handler):
    """A group of Okta's own."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def adopt(self, inputs: Props, taken: Collection[str]) -> Made | None:
        name = string(inputs, "name")
        # `q` finds names that begin with it, other kinds of groups included.
        for group in link_pages(self._http, "/api/v1/groups", {"q": name, "limit": "200"}):
            profile = group.get("profile")
            same = isinstance(profile, dict) and profile.get("name") == name
            if same and group.get("type") == "OKTA_GROUP" and group.get("id") not in taken:
                path = f"/api/v1/groups/{group.get('id')}"
                self._http.send(Call("PUT", path, body=_profile(inputs)))
                return Made(str(group.get("id")), adopted=True)
        return None

    def create(self, inputs: Props) -> Made:
        answer = self._http.send(Call("POST", "/api/v1/groups", body=_profile(inputs)))
        return Made(text(answer, "id"))

    def update(self, held: Held, inputs: Props) -> Props:
        self._http.send(Call("PUT", f"/api/v1/groups/{held.id}", body=_profile(inputs)))
        return held.outputs

    def delete(self, held: Held) -> None:
        gone_is_fine(lambda: self._http.send(Call("DELETE", f"/api/v1/groups/{held.id}")))


class _GroupMemberships(Handler):
    """Who is in a group. With `trackAllUsers` exactly these people; an engine sees the others
    at its next refresh and removes them then, here they go at once."""

    replace_on = frozenset({"groupId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        group, wanted = string(inputs, "groupId"), strings(inputs, "users")
        present = _members(self._http, group)
        _add(self._http, [(group, user) for user in wanted if user not in present])
        if inputs.get("trackAllUsers"):
            _remove(self._http, [(group, user) for user in present if user not in wanted])
        return Made(group)

    def update(self, held: Held, inputs: Props) -> Props:
        before, after = strings(held.inputs, "users"), strings(inputs, "users")
        _add(self._http, [(held.id, user) for user in after if user not in before])
        _remove(self._http, [(held.id, user) for user in before if user not in after])
        return held.outputs

    def delete(self, held: Held) -> None:
        _remove(self._http, [(held.id, user) for user in strings(held.inputs, "users")])


class _UserGroupMemberships(Handler):
    """Groups that one person must be in, besides others."""

    replace_on = frozenset({"userId"})

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def create(self, inputs: Props) -> Made:
        user = string(inputs, "userId")
        _add(self._http, [(group, user) for group in strings(inputs, "groups")])
        return Made(user)

    def update(self, held: Held, inputs: Props) -> Props:
        before, after = strings(held.inputs, "groups"), strings(inputs, "groups")
        _add(self._http, [(group, held.id) for group in after if group not in before])
        _remove(self._http, [(group, held.id) for group in before if group not in after])
        return held.outputs

    def delete(self, held: Held) -> None:
        _remove(self._http, [(group, held.id) for group in strings(held.inputs, "groups")])


def _profile(inputs: Props) -> Props:
    return {"profile": {"name": inputs.get("name"), "description": string(inputs, "description")}}


def _members(http: HttpClient, group: str) -> list[str]:
    path = f"/api/v1/groups/{quote(group)}/users"
    return [str(user.get("id")) for user in link_pages(http, path, {"limit": "200"})]


def _add(http: HttpClient, members: list[tuple[str, str]]) -> None:
    for group, user in members:
        http.send(Call("PUT", f"/api/v1/groups/{quote(group)}/users/{quote(user)}"))


def _remove(http: HttpClient, members: list[tuple[str, str]]) -> None:
    for group, user in members:
        call = Call("DELETE", f"/api/v1/groups/{quote(group)}/users/{quote(user)}")
        gone_is_fine(lambda call=call: http.send(call))


def _users(http: HttpClient, args: Props) -> Props:
    clauses = [
        f'{string(s, "name")} {string(s, "comparison") or "eq"} "{string(s, "value")}"'
        for s in items(args, "searches")
    ]
    search = f" {string(args, 'compoundSearchOperator') or 'and'} ".join(clauses)
    query = {"search": search, "limit": "200", "sortOrder": "0"}
    found = []
    for user in link_pages(http, "/api/v1/users", query):
        profile = user.get("profile")
        about = profile if isinstance(profile, dict) else {}
        found.append(
            {
                "id": user.get("id"),
                "status": user.get("status"),
                "email": about.get("email"),
                "login": about.get("login"),
            }
        )
    return {"users": found}

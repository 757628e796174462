"""Groups, their members and owners. Names need not be unique, as in a real tenant.

Source: D (Graph, group create, update, add and remove members; the limit of 20 references); names
repeat D and P (graph-docs #14868).
"""

import re

from werkzeug import Response

from sandbox.entra import audit
from sandbox.entra.api.directory import (
    add_reference,
    apply_properties,
    existing,
    find,
    forget,
    objects_reply,
    reference,
    referenced,
    remove_reference,
)
from sandbox.entra.api.graph import body_object, created_reply, graph_route, no_content
from sandbox.entra.api.odata import ListRule, list_reply, one_reply
from sandbox.entra.errors import bad_request
from sandbox.entra.models import Entity, EntraState, new_group, now
from sandbox.entra.permissions import GROUP_CREATE, GROUP_READ, GROUP_WRITE, MEMBER_WRITE
from sandbox.server.router import Context

_FIXED = frozenset({"groupTypes", "mailEnabled", "isAssignableToRole", "mail", "proxyAddresses"})
_BINDS = ("owners@odata.bind", "members@odata.bind")
_MAX_BIND = 20
_NICKNAME = re.compile(r"[\x21-\x7e]{1,64}")
_NICKNAME_FORBIDDEN = set('@()\\[]";:<>, ')


@graph_route("GET", "/groups", *GROUP_READ)
def list_groups(ctx: Context) -> Response:
    """All groups, with $filter, $select, $top … (D: Graph reference)."""
    return list_reply(ctx, ListRule("groups"), (g.properties for g in ctx.state.groups.values()))


@graph_route("POST", "/groups", *GROUP_CREATE)
def create_group(ctx: Context) -> Response:
    """A new security group, with up to 20 owners and members bound at once.

    Source: D: published example; names repeat P graph-docs #14868.
    """
    body = dict(body_object(ctx))
    binds = {name: _bound(ctx.state, body.pop(name, [])) for name in _BINDS}
    for name in ("displayName", "mailEnabled", "mailNickname", "securityEnabled"):
        if body.get(name) in (None, ""):
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    _check_kind(body)
    draft = Entity(id="", kind="group", properties=new_group("", now()))
    apply_properties(draft, body, frozenset())
    group = ctx.state.add("group", draft.properties)
    group.owners, group.members = binds[_BINDS[0]], binds[_BINDS[1]]
    audit.write(ctx.state, "Add group", group)
    _note_added(ctx.state, group, group.members)
    return created_reply(ctx, "groups/$entity", group)


def _check_kind(body: dict[str, object]) -> None:
    if "DynamicMembership" in (body.get("groupTypes") or []):  # type: ignore[operator]
        raise bad_request("Dynamic membership is not served by this tenant: it has no P1 licence.")
    if body["mailEnabled"] is not False:
        message = "The service does not currently support writes of mail-enabled groups."
        raise bad_request(message)
    if body["securityEnabled"] is not True:
        raise bad_request("A group must be mail-enabled or security-enabled.")
    _check_nickname(body["mailNickname"])


def _check_nickname(nickname: object) -> None:
    valid = isinstance(nickname, str) and _NICKNAME.fullmatch(nickname)
    if not valid or set(str(nickname)) & _NICKNAME_FORBIDDEN:
        raise bad_request(
            "Invalid value specified for property 'mailNickname' of resource 'Group'."
        )


def _bound(state: EntraState, urls: object) -> list[str]:
    if not isinstance(urls, list):
        raise bad_request("A list of references is expected in an @odata.bind property.")
    if len(urls) > _MAX_BIND:
        raise bad_request(f"The number of references may not exceed {_MAX_BIND}.")
    ids = [referenced(state, url).id for url in urls]
    if len(set(ids)) < len(ids):
        raise bad_request("Request contains a property with duplicate values.")
    return ids


@graph_route("GET", "/groups/<group_id>", *GROUP_READ)
def get_group(ctx: Context, group_id: str) -> Response:
    """One group (D: published example)."""
    return one_reply(ctx, "groups/$entity", find(ctx.state, "group", group_id).properties)


@graph_route("PATCH", "/groups/<group_id>", *GROUP_WRITE)
def update_group(ctx: Context, group_id: str) -> Response:
    """Change properties; ``members@odata.bind`` adds members (D: published example)."""
    group = find(ctx.state, "group", group_id)
    body = dict(body_object(ctx))
    added = _bound(ctx.state, body.pop("members@odata.bind", []))
    for member in existing(ctx.state, added):
        add_reference([*group.members], member, "members")  # refuses who is in already
    if "mailNickname" in body:
        _check_nickname(body["mailNickname"])
    apply_properties(group, body, _FIXED)
    group.members += added
    _note_added(ctx.state, group, added)
    return no_content()


def _note_added(state: EntraState, group: Entity, ids: list[str]) -> None:
    for member in existing(state, ids):
        audit.write(state, "Add member to group", member, group)


@graph_route("DELETE", "/groups/<group_id>", *GROUP_WRITE)
def delete_group(ctx: Context, group_id: str) -> Response:
    """To the recycle bin, for 30 days, with its members (D)."""
    forget(ctx.state, find(ctx.state, "group", group_id), keep=True)
    return no_content()


@graph_route("GET", "/groups/<group_id>/members", *GROUP_READ)
@graph_route("GET", "/groups/<group_id>/owners", *GROUP_READ)
@graph_route("GET", "/groups/<group_id>/memberOf", *GROUP_READ)
def list_related(ctx: Context, group_id: str) -> Response:
    """Direct members, owners, or the groups it is in (which the provider's group asks for); paged.

    Source: D: published example; C: azuread's group_resource.go, ListMemberOfs.
    """
    group = find(ctx.state, "group", group_id)
    relation = ctx.request.path.rstrip("/").rpartition("/")[2]
    if relation == "memberOf":
        return objects_reply(ctx, [g for g in ctx.state.groups.values() if group.id in g.members])
    ids = group.owners if relation == "owners" else group.members
    return objects_reply(ctx, existing(ctx.state, ids))


@graph_route("GET", "/groups/<group_id>/transitiveMembers", *GROUP_READ)
def list_transitive_members(ctx: Context, group_id: str) -> Response:
    """Everything within it however deep, each once, the groups themselves too (D)."""
    waiting, within = [find(ctx.state, "group", group_id)], dict[str, Entity]()
    while waiting:
        for entity in existing(ctx.state, waiting.pop().members):
            if entity.id not in within:
                within[entity.id] = entity
                waiting += [entity] if entity.kind == "group" else []
    return objects_reply(ctx, list(within.values()))


@graph_route("POST", "/groups/<group_id>/members/$ref", *MEMBER_WRITE)
def add_member(ctx: Context, group_id: str) -> Response:
    """Put one object into the group; once only (D: published example)."""
    group = find(ctx.state, "group", group_id)
    member = reference(ctx)
    if member.kind == "application" or member.id == group.id:
        raise bad_request("An invalid operation was included in the following modified references.")
    add_reference(group.members, member, "members")
    _note_added(ctx.state, group, [member.id])
    return no_content()


@graph_route("DELETE", "/groups/<group_id>/members/<object_id>/$ref", *MEMBER_WRITE)
def remove_member(ctx: Context, group_id: str, object_id: str) -> Response:
    """Take one object out of the group (D: published example)."""
    group = find(ctx.state, "group", group_id)
    remove_reference(group.members, object_id)
    for member in existing(ctx.state, [object_id.lower()]):
        audit.write(ctx.state, "Remove member from group", member, group)
    return no_content()


@graph_route("POST", "/groups/<group_id>/owners/$ref", *GROUP_WRITE)
def add_owner(ctx: Context, group_id: str) -> Response:
    """Make a user or service principal an owner; once only (D: Graph reference)."""
    owner = reference(ctx)
    if owner.kind not in ("user", "servicePrincipal"):
        raise bad_request("An owner must be a user or a service principal.")
    add_reference(find(ctx.state, "group", group_id).owners, owner, "owners")
    return no_content()


@graph_route("DELETE", "/groups/<group_id>/owners/<object_id>/$ref", *GROUP_WRITE)
def remove_owner(ctx: Context, group_id: str, object_id: str) -> Response:
    """Take an owner away; the last one stays (D: Graph reference)."""
    owners = find(ctx.state, "group", group_id).owners
    if owners == [object_id.lower()]:
        message = "The group must have at least one owner, hence this owner cannot be removed."
        raise bad_request(message)
    remove_reference(owners, object_id)
    return no_content()

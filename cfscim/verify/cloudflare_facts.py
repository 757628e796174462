"""Everything `verify` reads of Cloudflare: the operator's view, and the SCIM endpoint's.

The SCIM endpoint gives a whole group in one request, where the account's own API gives fifty
members a page. Source: RFC 7644, 3.4.2; Cloudflare's API description of /accounts/{id}/scim/v2.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import Field

from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name, group_names, virtual_group
from cfscim.config.roles import ROLES, Role
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.models import (
    AccountMember,
    AccountUser,
    ApiToken,
    PermissionGroup,
    ResourceGroup,
    TokenStatus,
    UserGroup,
)
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.pages import Reply, member, objects, read, scim_pages
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Reader, Reading


class _Member(Reply):
    value: str = ""
    display: str = ""


class ScimGroup(Reply):
    """A group; lists and virtual groups come without members."""

    id: str
    display_name: str = ""
    members: tuple[_Member, ...] = ()


class _User(Reply):
    user_name: str
    groups: tuple[str, ...] | None = Field(default=None)


@dataclass(frozen=True)
class ScimView:
    """Reads with the token of the stack; where that fails, or is not wanted (`with_token` false),
    with the operator's credentials."""

    endpoint: ScimEndpoint
    client: CloudflareClient
    account: str
    with_token: bool = True

    def probe(self) -> None:
        """The guide's Test Connection. Raises `AnswerError`."""
        self.endpoint.service_provider_config()
        self.endpoint.users_page()

    def group_members(self, group_id: str) -> tuple[str, ...]:
        """The addresses in a user group, as Cloudflare writes them. Raises `AnswerError`.

        A group that the SCIM endpoint shows empty, or without addresses, is read again through
        the account's API.
        """
        shown = self._shown_members(group_id) if self.with_token else ()
        if shown and all("@" in person.display for person in shown):
            return tuple(person.display for person in shown)
        members = self.client.user_group_members(self.account, group_id)
        return tuple(person.address for person in members)

    def _shown_members(self, group_id: str) -> tuple[_Member, ...]:
        try:
            answer = self.endpoint.get(f"/Groups/{group_id}")
            return read(ScimGroup, answer.body, answer.where).members
        except AnswerError:
            return ()

    def groups_named(self, name: str) -> tuple[ScimGroup, ...]:
        """The groups that answer to a name, without members. Raises `AnswerError`."""
        query = {"filter": f"displayName eq {json.dumps(name)}"}
        answer = self.endpoint.get("/Groups", query)
        return tuple(
            read(ScimGroup, item, answer.where)
            for item in objects(answer, member(answer, "Resources"))
        )

    def groups_by_person(self) -> Mapping[str, frozenset[str]]:
        """Address in lower case -> ids of the groups the person is in. Raises `AnswerError`."""
        items = scim_pages(partial(self.endpoint.get, "/Users"), {})
        users = (read(_User, item, "Cloudflare SCIM GET /Users") for item in items)
        return {user.user_name.lower(): frozenset(user.groups or ()) for user in users}


@dataclass(frozen=True)
class CloudflareFacts:
    """Readings, each with its own success or error.

    `user`: whose token it is, asked for a user's token only.
    `group_members`: user group id -> addresses, for every group that gives something.
    `system_groups` and `users_in`: the virtual groups that the SCIM endpoint shows, of all four
    roles: one that the config dropped, or that a move has left, still gives its role.
    `declares_virtual`: whether any of the ways gives roles by them.
    """

    token: Reading[ApiToken | None]
    tokens: Reading[tuple[ApiToken, ...]]
    shown: Reading[TokenStatus]
    user: Reading[AccountUser | None]
    probe: Reading[None]
    user_groups: Reading[tuple[UserGroup, ...]]
    permission_groups: Reading[tuple[PermissionGroup, ...]]
    resource_groups: Reading[tuple[ResourceGroup, ...]]
    members: Reading[tuple[AccountMember, ...]]
    group_members: Mapping[str, Reading[tuple[str, ...]]]
    system_groups: Mapping[Role, Reading[tuple[ScimGroup, ...]]]
    users_in: Reading[Mapping[str, frozenset[str]]]
    declares_virtual: bool = False


def read_cloudflare(
    ways: Sequence[ScimConfig],
    outputs: StackOutputs,
    client: CloudflareClient,
    endpoint: ScimEndpoint,
    reader: Reader,
) -> CloudflareFacts:
    """Begins every reading; waits only for what decides about further readings.

    `ways`: the config of each way by which roles are given.

    A token that nobody has used yet is not used here either: its first use, which Cloudflare shows,
    is the only sign that the identity provider has it.
    """
    account, owner = ways[0].account.id, ways[0].token.owner
    value = outputs.token_value
    groups = reader.read(lambda: client.user_groups(account))
    token = reader.read(lambda: client.find_token(account, owner, outputs.token_id))
    tokens = reader.read(lambda: client.tokens(account, owner))
    seen = token.wait()
    fresh = seen is not None and seen.last_used_on is None
    view = ScimView(endpoint, client, account, with_token=not fresh)
    shown: Reading[TokenStatus] = _not_ours_to_use()
    probe: Reading[None] = _not_ours_to_use()
    if not fresh:
        shown = reader.read(lambda: client.verify_token(account, owner, value.get_secret_value()))
        probe = reader.read(view.probe)
    members = reader.read(lambda: client.members(account))
    permissions = reader.read(lambda: client.permission_groups(account))
    resources = reader.read(lambda: client.resource_groups(account))
    virtual = next((way for way in ways if way.role_model == "virtualGroups"), None)
    giving = [group.id for group in groups.wait() or () if group.policies]
    named = {name for way in ways if way is not virtual for name in group_names(way).values()}
    ours = [group.id for group in groups.wait() or () if group.name in named]
    seen = not fresh and (virtual is not None or probe.there)
    systems = _system_groups(ways[0], virtual, seen, view, reader)
    return CloudflareFacts(
        token=token,
        tokens=tokens,
        shown=shown,
        user=reader.read(client.get_user) if owner == "user" else Reading.of(None),
        probe=probe,
        user_groups=groups,
        permission_groups=permissions,
        resource_groups=resources,
        members=members,
        group_members={
            group: reader.read(lambda group=group: view.group_members(group))
            for group in dict.fromkeys([*ours, *giving])
        },
        system_groups=systems,
        users_in=_users_in(bool(systems), fresh, view, reader),
        declares_virtual=virtual is not None,
    )


def read_powers(account: str, client: CloudflareClient, reader: Reader) -> CloudflareFacts:
    """Only what says who may do what, with the operator's credentials; nothing of the stack's
    token is read, or used."""
    groups = reader.read(lambda: client.user_groups(account))

    def people(group: str) -> tuple[str, ...]:
        members = client.user_group_members(account, group)
        return tuple(person.address for person in members)

    left_out: Reading[Any] = Reading.failed(Dependent("it is not asked for here", ""))
    return CloudflareFacts(
        token=left_out,
        tokens=left_out,
        shown=left_out,
        user=left_out,
        probe=left_out,
        user_groups=groups,
        permission_groups=left_out,
        resource_groups=reader.read(lambda: client.resource_groups(account)),
        members=reader.read(lambda: client.members(account)),
        group_members={
            group.id: reader.read(lambda id_=group.id: people(id_))
            for group in groups.wait() or ()
            if group.policies
        },
        system_groups={},
        users_in=Reading.of({}),
    )


def _system_groups(
    first: ScimConfig, virtual: ScimConfig | None, seen: bool, view: ScimView, reader: Reader
) -> Mapping[Role, Reading[tuple[ScimGroup, ...]]]:
    """The virtual groups by role. Where no way uses them, those that an account has kept all the
    same: whoever is left in one has its role, and nothing else would say so.

    `seen`: whether the token may be used and the endpoint answers it; where not, checks of their
    own say so.
    """
    if not seen:
        return {role: _not_ours_to_use() for role in ROLES} if virtual else {}
    names = {role: virtual_group(first.account.id, role.value) for role in ROLES}
    names |= {role: group_name(virtual, role) for role in ROLES} if virtual else {}
    readings = {
        role: reader.read(lambda name=name: view.groups_named(name)) for role, name in names.items()
    }
    return (
        readings
        if virtual
        else {r: reading for r, reading in readings.items() if not reading.there or reading.get()}
    )


def _users_in(
    virtual: bool, fresh: bool, view: ScimView, reader: Reader
) -> Reading[Mapping[str, frozenset[str]]]:
    if not virtual:
        return Reading.of({})
    return _not_ours_to_use() if fresh else reader.read(view.groups_by_person)


def _not_ours_to_use() -> Reading[Any]:
    return Reading.failed(
        Dependent(
            "nobody has used the token yet, and the first to do so must be the identity provider",
            "cloudflare.token.used",
        )
    )

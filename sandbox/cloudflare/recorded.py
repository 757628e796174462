"""Replays exchanges with Cloudflare's API and SCIM endpoint against this sandbox's.

Accounts, members, User Groups, tokens and resource groups are made first, as far as the answers
show them and with the ids that they had there. Roles and permission groups are Cloudflare's own:
they are recognised by name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.cloudflare import API
from sandbox.cloudflare.catalog import (
    MINIMAL_ACCESS,
    ROLE_BY_NAME,
    TOKEN_GROUPS,
)
from sandbox.cloudflare.models import (
    Account,
    CloudflareState,
    CloudflareUser,
    Member,
    Policy,
    ResourceGroup,
    Token,
    TokenPolicy,
    UserGroup,
)
from sandbox.cloudflare.scim.system import full_name, joined, role_of_id, system_id
from sandbox.cloudflare.signin import sha256
from sandbox.replay import Accepted, Exchange, Ids, as_far_as_shown, json_body
from sandbox.server.world import World

__all__ = ["ACCEPTED", "body", "build", "call_of", "signed"]

Document = dict[str, Any]
ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        r"GET /accounts/\{id\}/members",
        r"\.result\[\]\.(email|policies): too much",
        "recordings of 2023 do not have it",
        further=True,
    ),
    Accepted(
        r"GET /accounts/\{id\}/(members|roles)",
        r".*\.permissions\.\*\.\w+: missing",
        "what roles may do with products that no declared role is about",
        further=True,
    ),
)
"""Every difference that stays, with its reason."""
_ID = re.compile(r"/(?:[0-9a-f]{32}|[0-9a-f-]{36}|cloudflare-v1-[0-9a-f]{32}|text-\d+)(?=/|$)")
_KEPT = ("expires_on", "not_before", "condition", "last_used_on", "issued_on", "modified_on")

_JOINED = "2026-01-01T00:00:00Z"

body = json_body


def call_of(exchange: Exchange) -> str | None:
    """The call's name; None for an answer of 5xx or 429, which says nothing of the API."""
    if exchange.status >= 500 or exchange.status == 429:
        return None
    path = exchange.path.removeprefix(API)
    return f"{exchange.method} {_ID.sub('/{id}', path)}"


def signed(world: World, exchange: Exchange) -> Mapping[str, str]:
    """A caller with the rights that the answer shows: the token it verified, or one with all."""
    value = world.credentials.cloudflare_api_token
    shown = _result(exchange)
    if exchange.path.endswith("/tokens/verify") and isinstance(shown, dict):
        value = _value(str(shown.get("id"))) if shown.get("id") in _tokens(world) else value
    elif exchange.status == 403:
        value = _value(_POWERLESS)
    elif exchange.status == 401:
        value = "revoked"
    return {"Authorization": f"Bearer {value}"}


_POWERLESS = "powerless"
_ANY_ROLE = "Administrator"
"""Of a virtual group that only its member's answer names, by an id that tells nothing."""


def _tokens(world: World) -> Mapping[str, Token]:
    return world.cloudflare.tokens


def _value(token_id: str) -> str:
    return f"recorded-{token_id}"


def _result(exchange: Exchange) -> object:
    return exchange.response.get("result") if isinstance(exchange.response, dict) else None


def build(world: World, recording: Sequence[Exchange], ids: Ids) -> None:
    """Accounts, people, groups and tokens as the answers show them."""
    world.cloudflare = CloudflareState.fresh()
    past = _Past(world.cloudflare, ids)
    for exchange in recording:
        if match := re.match(rf"{API}/accounts/([0-9a-f]{{32}})(/|$)", exchange.path):
            past.account(match[1])
    for collection in _ORDER:
        for exchange in recording:
            if exchange.method == "GET" and exchange.status < 400:
                past.read(collection, exchange)
    world.cloudflare.tokens[_POWERLESS] = Token(
        id=_POWERLESS,
        owner="user",
        owner_id=world.cloudflare.operator.id,
        name=_POWERLESS,
        policies=[],
        value_sha256=sha256(_value(_POWERLESS)),
    )


# What is read first is what the others refer to.
_ORDER = (
    r"",
    r"iam/resource_groups(/[^/]+)?",
    r"members(/[^/]+)?",
    r"iam/user_groups(/[^/]+)?",
    r"iam/user_groups/[^/]+/members",
    r"tokens(/[^/]+)?",
    r"scim/v2/Groups(/[^/]+)?",
    r"scim/v2/Users(/[^/]+)?",
)


@dataclass
class _Past:
    """What must have been there before."""

    state: CloudflareState
    ids: Ids
    known: dict[str, Account] = field(default_factory=dict)

    def account(self, account_id: str) -> Account:
        """An account of the recording, empty at first."""
        if account_id not in self.known:
            account = self.state.account(account_id)
            assert account is not None
            account.members = {}
            self.known[account_id] = account
        return self.known[account_id]

    def read(self, collection: str, exchange: Exchange) -> None:
        """Make what one answer shows, if it is of this collection."""
        user = exchange.path.removeprefix(f"{API}/user/")
        if collection.startswith("tokens") and re.fullmatch(collection, user):
            for document in _documents(exchange):
                with as_far_as_shown():
                    self._token("user", self.state.operator.id, document)
            return
        match = re.fullmatch(rf"{API}/accounts/([0-9a-f]{{32}})/?(.*)", exchange.path)
        if match is None or not re.fullmatch(collection, match[2]):
            return
        for document in _documents(exchange):
            with as_far_as_shown():
                self._read(self.account(match[1]), match[2], document)
        if match[2] == "scim/v2/Users" and _is_first_page(exchange):
            _listed_first(
                self.account(match[1]), [str(each["id"]) for each in _documents(exchange)]
            )

    def _read(self, account: Account, place: str, document: Document) -> None:
        if place == "":
            account.name = str(document.get("name"))
        elif place.startswith("iam/resource_groups"):
            _resource_group(account, document)
        elif re.fullmatch(r"iam/user_groups/[^/]+/members", place):
            group = account.user_groups[place.split("/")[2]]
            group.members[self._member(account, document).id] = _JOINED
        elif place.startswith("iam/user_groups"):
            self._user_group(account, document)
        elif place.startswith("members"):
            self._member(account, document)
        elif place.startswith("tokens") and not place.endswith(("/verify", "/permission_groups")):
            self._token("account", account.id, document)
        elif place.startswith("scim/v2/Users"):
            self._scim_user(account, document)
        elif place.startswith("scim/v2/Groups"):
            self._scim_group(account, document)

    def _user(self, user_id: str, email: str) -> CloudflareUser:
        user = self.state.users.get(user_id) or self.state.user_by_email(email)
        if user is None:
            user = self.state.users[user_id] = CloudflareUser(id=user_id, email=email)
        return user

    def _member(self, account: Account, document: Document) -> Member:
        key = str(document["id"])
        shown = document.get("user") or {}
        user = self._user(str(shown.get("id") or f"user-of-{key}"), str(document.get("email")))
        user.first_name = shown.get("first_name") or user.first_name
        user.last_name = shown.get("last_name") or user.last_name
        member = account.members.get(key)
        if member is None:
            member = Member(id=key, user_id=user.id, status=str(document.get("status")))
            account.members[key] = member
        if "roles" in document:
            names = [_role(role) for role in document["roles"] or []]
            policies = [self._policy(account, each) for each in document.get("policies") or []]
            # Whichever of the two it was given: the other follows from it.
            member.roles, member.policies = ([], policies) if policies else (names, [])
        return member

    def _policy(self, account: Account, document: Document) -> Policy:
        groups = document.get("resource_groups") or []
        for group in groups:
            if "id" in group:
                _resource_group(account, group)
        return Policy(
            id=str(document.get("id")),
            access=str(document.get("access", "allow")),
            permission_groups=[
                ROLE_BY_NAME[_role(group)].id for group in document.get("permission_groups") or []
            ],
            resource_groups=[str(group["id"]) for group in groups if "id" in group],
            scopes=[group["scope"] for group in groups if "id" not in group],
            created_on=str(document.get("created_on")),
        )

    def _user_group(self, account: Account, document: Document) -> None:
        key = str(document["id"])
        group = account.user_groups.setdefault(key, UserGroup(id=key, name=str(document["name"])))
        if "policies" in document:
            group.policies = [
                self._policy(account, policy) for policy in document["policies"] or []
            ]

    def _token(self, owner: str, owner_id: str, document: Document) -> None:
        if "policies" not in document:
            return
        key = str(document["id"])
        self.state.tokens[key] = Token(
            id=key,
            owner=owner,
            owner_id=owner_id,
            name=str(document.get("name")),
            policies=[_token_policy(policy) for policy in document["policies"] or []],
            value_sha256=sha256(_value(key)),
            status="disabled" if document.get("status") == "disabled" else "active",
            **{name: document[name] for name in _KEPT if document.get(name) is not None},
        )

    def _scim_user(self, account: Account, document: Document) -> None:
        user = self._user(str(document["id"]), str(document.get("userName")))
        name = document.get("name") or {}
        user.first_name = user.first_name or name.get("givenName")
        user.last_name = user.last_name or name.get("familyName")
        member = self._member_of(account, user)
        member.external_id = document.get("externalId")
        member.display_name = document.get("displayName")
        for group_id in document.get("groups") or []:
            key = str(group_id.get("value") if isinstance(group_id, dict) else group_id)
            role = role_of_id(account, self.ids.known.get(key, key))
            if role is not None:
                joined(account, role).members.append(member.id)
            elif re.fullmatch("[0-9a-f]{32}", key):
                # Shown by its id alone, where nobody asked for the groups themselves.
                group = account.user_groups.setdefault(key, UserGroup(id=key, name=key))
                group.members.setdefault(member.id, _JOINED)
            else:
                account.virtual_groups = True
                self.ids.known[key] = system_id(_ANY_ROLE)
                joined(account, _ANY_ROLE).members.append(member.id)

    @staticmethod
    def _member_of(account: Account, user: CloudflareUser) -> Member:
        """The user's membership; made up where only SCIM showed it."""
        member = next((m for m in account.members.values() if m.user_id == user.id), None)
        if member is None:
            member = Member(id=f"member-of-{user.id}", user_id=user.id)
            account.members[member.id] = member
        return member

    def _scim_group(self, account: Account, document: Document) -> None:
        key, name = str(document["id"]), str(document.get("displayName"))
        role = name.removeprefix(f"CF-{account.id} - ")
        if not re.fullmatch("[0-9a-f]{32}", key):  # ids of virtual groups have another form
            self._system_group(account, role, document)
            return
        group = account.user_groups.setdefault(key, UserGroup(id=key, name=name))
        group.scim_managed, group.external_id = True, document.get("externalId")
        for shown in document.get("members") or []:
            user = self._user(str(shown.get("value")), str(shown.get("display")))
            group.members.setdefault(self._member_of(account, user).id, _JOINED)

    def _system_group(self, account: Account, role: str, document: Document) -> None:
        account.virtual_groups = True
        if role not in ROLE_BY_NAME:
            return
        self.ids.known[str(document["id"])] = system_id(role)
        if document.get("displayName") != full_name(account, role) or document.get("externalId"):
            group = joined(account, role, str(document["displayName"]))
            group.external_id = document.get("externalId")


def _documents(exchange: Exchange) -> Iterator[Document]:
    answer = exchange.response
    if not isinstance(answer, dict):
        return
    shown = answer.get("result", answer.get("Resources", answer))
    for item in shown if isinstance(shown, list) else [shown]:
        if isinstance(item, dict) and "id" in item:
            yield item


def _is_first_page(exchange: Exchange) -> bool:
    asked = dict(exchange.query)
    return "filter" not in asked and asked.get("startIndex", "1") == "1"


def _listed_first(account: Account, user_ids: list[str]) -> None:
    """Put the members of a page first: by their stand-ins' names they would come otherwise."""
    place = {user_id: number for number, user_id in enumerate(user_ids)}
    members = sorted(
        account.members.values(), key=lambda member: place.get(member.user_id, len(place))
    )
    account.members = {member.id: member for member in members}


def _role(document: Document) -> str:
    """A role's name; one that the sandbox does not have stands for any."""
    name = str(document.get("name"))
    return name if name in ROLE_BY_NAME else MINIMAL_ACCESS


def _resource_group(account: Account, document: Document) -> None:
    scope = document.get("scope") or {}
    if isinstance(scope, list):
        scope = scope[0] if scope else {}
    key, objects = str(document["id"]), [str(each["key"]) for each in scope.get("objects") or []]
    if key in account.resource_groups:
        return
    # The two that every account has are the recorded ones from now on.
    account.resource_groups = {
        known: group for known, group in account.resource_groups.items() if group.objects != objects
    }
    account.resource_groups[key] = ResourceGroup(
        id=key,
        name=str(document.get("name")),
        scope_key=str(scope.get("key")),
        objects=objects,
        editable=(document.get("meta") or {}).get("editable") == "true",
    )


def _token_policy(document: Document) -> TokenPolicy:
    named = [str(group.get("name")) for group in document.get("permission_groups") or []]
    by_name = {group.name: group.id for group in TOKEN_GROUPS}
    return TokenPolicy(
        id=str(document.get("id")),
        effect=str(document.get("effect")),
        permission_groups=[by_name.get(name, TOKEN_GROUPS[0].id) for name in named],
        resources=document.get("resources") or {},
    )

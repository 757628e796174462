"""Everything that can differ in Cloudflare, generated role by role from the list of checks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from cfscim.config.roles import ROLES, Role
from sandbox.cloudflare.catalog import ROLE_BY_NAME
from sandbox.cloudflare.models import Account, Policy, Token, TokenPolicy, UserGroup
from sandbox.server.world import World
from tests.configs import ACCOUNT
from tests.verify.verify_base import (
    ENTRA,
    ENTRA_VIRTUAL,
    OKTA,
    OKTA_USER,
    OKTA_VIRTUAL,
    Combination,
    Deviation,
    deviation,
)

SCOPE = "com.cloudflare.api.account"
SOON = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y-%m-%dT%H:00:00Z")
DNS_READ = "82e64a83756745bbbb1c9c2701bf816b"
SCIM = "cloudflare.scim.endpoint"
VALID = "cloudflare.token.valid"
_MEMBER = {
    Role.ADMINISTRATOR: "ada@example.com",
    Role.BILLING: "katherine@example.com",
    Role.SUPER_ADMINISTRATOR: "grace@example.com",
}


def token(world: World) -> Token:
    """The stack's token."""
    [found] = world.cloudflare.tokens.values()
    return found


def account(world: World) -> Account:
    """The stack's account."""
    return world.cloudflare.accounts[ACCOUNT]


def group(world: World, role: Role) -> UserGroup:
    """The role's user group."""
    return next(g for g in account(world).user_groups.values() if g.name == role.value)


def member_id(world: World, address: str) -> str:
    """The membership of a person."""
    user = world.cloudflare.user_by_email(address)
    assert user is not None
    return next(m.id for m in account(world).members.values() if m.user_id == user.id)


def setter(name: str, value: object) -> Callable[[World], None]:
    """Changes one field of the token."""
    return lambda world: setattr(token(world), name, value)


def _policy(effect: str, permission: str, key: str) -> Callable[[World], None]:
    def change(world: World) -> None:
        policy = TokenPolicy(
            id="p2", effect=effect, permission_groups=[permission], resources={key: "*"}
        )
        token(world).policies.append(policy)

    return change


def _resources(value: dict[str, object]) -> Callable[[World], None]:
    return lambda world: setattr(token(world).policies[0], "resources", value)


def _unused(world: World) -> None:
    token(world).last_used_on = None
    token(world).issued_on = "2026-01-01T00:00:00.000000Z"


def _another_value(world: World) -> None:
    """The value that the stack has is that of another token."""
    ours = token(world)
    other = ours.model_copy(deep=True, update={"id": "d" * 32, "name": "other"})
    ours.value_sha256 = "0" * 64
    world.cloudflare.tokens[other.id] = other


def _twin(world: World) -> None:
    twin = token(world).model_copy(deep=True, update={"id": "f" * 32})
    world.cloudflare.tokens[twin.id] = twin


def token_deviations(stack: Combination, also: str = "") -> Iterator[Deviation]:
    """`also`: what else fails where the identity provider tests its connection."""
    deviates = partial(deviation, stack)
    own, dead = f"{SCOPE}.{ACCOUNT}", f"{SCIM} {also}"
    other = f"{SCOPE}.{'f' * 32}"

    def one(
        name: str, fails: str, words: str, change: Callable[[World], object], also: str = ""
    ) -> Deviation:
        return deviates(name, f"cloudflare.token.{fails}", words, change, also=also)

    yield one("value unknown", "valid", "does not know", setter("value_sha256", "0" * 64), dead)
    yield one("disabled", "valid", "disabled", setter("status", "disabled"), dead)
    yield one(
        "over", "expiry", "is over", setter("expires_on", "2020-01-01T00:00:00Z"), f"{VALID} {dead}"
    )
    yield one(
        "not yet",
        "restrictions",
        "not before 2099",
        setter("not_before", "2099-01-01T00:00:00Z"),
        f"{VALID} {dead}",
    )
    yield one("gone", "valid", "does not know", lambda w: w.cloudflare.tokens.clear(), dead)
    yield one("never used", "used", "does not have the token", _unused)
    yield one("renamed", "name", "other name", setter("name", "other name"))
    yield one("a twin", "only", "f" * 32, _twin)
    yield deviates(
        "ends soon",
        "cloudflare.token.expiry",
        "in 2 days",
        setter("expires_on", SOON),
        config=("token.expiresOn", SOON),
    )
    for name, ends, words in (
        ("never ends", None, "never ends"),
        ("ends before", "2098-01-01T00:00:00Z", "2098-"),
    ):
        yield deviates(
            f"declared to end, and {name}",
            "cloudflare.token.expiry",
            words,
            setter("expires_on", ends),
            config=("token.expiresOn", "2099-01-01T00:00:00Z"),
        )
    yield one("another's value", "valid", "is that of token", _another_value)
    yield one("ends", "expiry", "2098-", setter("expires_on", "2098-01-01T00:00:00Z"))
    yield one(
        "one more permission", "permissions", "also DNS Read", _policy("allow", DNS_READ, own)
    )
    yield one("a denial", "permissions", "deny DNS Read", _policy("deny", DNS_READ, own))
    yield one("every account", "account", f"{SCOPE}.*", _resources({f"{SCOPE}.*": "*"}))
    yield one("one more account", "account", other, _resources({own: "*", other: "*"}))
    yield one(
        "addresses",
        "restrictions",
        "127.0.0.0/8",
        setter("condition", {"request_ip": {"in": ["127.0.0.0/8"]}}),
    )
    yield one(
        "not from",
        "restrictions",
        "10.0.0.0/8",
        setter("condition", {"request_ip": {"not_in": ["10.0.0.0/8"]}}),
    )
    yield one(
        "no permission",
        "permissions",
        "without SCIM Provisioning",
        lambda w: setattr(token(w).policies[0], "permission_groups", [DNS_READ]),
        dead,
    )


def _change_policies(role: Role, change: Callable[[UserGroup, Account], object]):
    return lambda world: change(group(world, role), account(world))


def _zones(group: UserGroup, account: Account) -> None:
    zones = next(g for g in account.resource_groups.values() if g.objects != ["*"])
    group.policies[0].resource_groups = [zones.id]


def _inline(group: UserGroup, account: Account) -> None:
    scope = {"key": account.scope_key, "objects": [{"key": "com.cloudflare.api.account.zone.1"}]}
    group.policies[0].resource_groups, group.policies[0].scopes = [], [scope]


def _permission(name: str) -> Callable[[UserGroup, Account], None]:
    def change(group: UserGroup, _account: Account) -> None:
        group.policies[0].permission_groups = [ROLE_BY_NAME[name].id]

    return change


def _second(group: UserGroup, _account: Account) -> None:
    first = group.policies[0]
    group.policies.append(
        Policy(
            id="2",
            permission_groups=[ROLE_BY_NAME["DNS"].id],
            resource_groups=first.resource_groups,
        )
    )


def _another_id(role: Role) -> Callable[[World], None]:
    def change(world: World) -> None:
        groups, old = account(world).user_groups, group(world, role)
        del groups[old.id]
        groups["e" * 32] = old.model_copy(update={"id": "e" * 32})

    return change


def role_deviations(stack: Combination) -> Iterator[Deviation]:
    """Each role's group, policy and members."""
    deviates = partial(deviation, stack)
    for role in ROLES:
        name, short = role.value, role.slug
        exists, policy = f"cloudflare.group.{short}", f"cloudflare.policy.{short}"
        members = f"cloudflare.members.{short}"
        yield deviates(
            f"{short} in lower case",
            exists,
            name.lower(),
            lambda w, r=role: setattr(group(w, r), "name", r.value.lower()),
        )
        kinds = (
            ("no policy", "no policy", lambda g, _a: g.policies.clear()),
            ("other role", "allow Workers Editor", _permission("Workers Editor")),
            ("zones only", "zone", _zones),
            ("inline zone", "zone.1", _inline),
            ("two policies", "allow DNS", _second),
            ("denied", "deny", lambda g, _a: setattr(g.policies[0], "access", "deny")),
        )
        # One role for every kind, and for the other roles the commonest.
        for what, words, change in kinds if role is Role.ADMINISTRATOR else kinds[:2]:
            # Who is in it may do something that nobody declared, and is named too.
            more = what != "no policy" and role in _MEMBER
            yield deviates(
                f"{short} {what}",
                policy,
                words,
                _change_policies(role, change),
                also="cloudflare.undeclared" * more,
            )
        if role in _MEMBER:
            yield deviates(
                f"{short} lacks one",
                members,
                f"{_MEMBER[role]} is missing",
                lambda w, r=role: group(w, r).members.pop(member_id(w, _MEMBER[r])),
            )
        yield deviates(
            f"{short} has one more",
            members,
            "edsger@example.com is there",
            lambda w, r=role: group(w, r).members.update(
                {member_id(w, "edsger@example.com"): "now"}
            ),
        )


def one_group_deviations(stack: Combination) -> Iterator[Deviation]:
    """What can become of a user group, shown on one."""
    deviates = partial(deviation, stack)
    role, exists = Role.BILLING, "cloudflare.group.billing"
    yield deviates(
        "deleted", exists, "no such group", lambda w: account(w).user_groups.pop(group(w, role).id)
    )
    yield deviates("made anew", exists, "e" * 32, _another_id(role))
    yield deviates(
        "two of one name",
        exists,
        "2 groups of this name",
        _two_of_one_name,
        also="cloudflare.undeclared",
    )
    yield deviates("never used", "cloudflare.token.used", "does not have the token", _unused)


def _two_of_one_name(world: World) -> None:
    twin = group(world, Role.BILLING).model_copy(
        deep=True, update={"id": "c" * 32, "scim_managed": False}
    )
    twin.members = {member_id(world, "edsger@example.com"): "now"}
    account(world).user_groups[twin.id] = twin


def account_deviations(stack: Combination) -> Iterator[Deviation]:
    """Who is a member, and who is in charge."""
    deviates = partial(deviation, stack)
    yield deviates(
        "not a member",
        "cloudflare.people",
        "edsger@example.com is missing",
        lambda w: account(w).members.pop(member_id(w, "edsger@example.com")),
    )
    yield deviates(
        "left behind", "cloudflare.people", "stray@example.com is a member", lambda w: _stray(w)
    )
    yield deviates(
        "without any role",
        "cloudflare.roleless",
        "edsger@example.com",
        lambda w: _person(w, "edsger").roles.clear(),
    )
    yield deviates(
        "invited, and not accepted",
        "cloudflare.accepted",
        "ada@example.com has not accepted the invitation",
        lambda w: setattr(_person(w, "ada"), "status", "pending"),
    )
    yield deviates(
        "one in charge",
        "cloudflare.superAdministrators",
        "1: alan@example.com; grace@example.com has not accepted",
        _alone,
        also="cloudflare.accepted cloudflare.breakGlass cloudflare.undeclared",
    )
    yield deviates(
        "in charge, and not arrived",
        "cloudflare.superAdministrators",
        "0",
        lambda w: (_stripped(w), _super_group(w).members.clear()),
        also="cloudflare.breakGlass cloudflare.undeclared cloudflare.members.super-administrator",
    )
    yield deviates(
        "in charge, and without a policy",
        "cloudflare.superAdministrators",
        "0",
        lambda w: (_stripped(w), _super_group(w).policies.clear()),
        also="cloudflare.breakGlass cloudflare.undeclared cloudflare.policy.super-administrator",
    )
    yield deviates(
        "a role given by hand",
        "cloudflare.undeclared",
        "edsger@example.com has Billing (given by hand)",
        lambda w: _person(w, "edsger").roles.append("Billing"),
    )
    yield deviates(
        "another User Group",
        "cloudflare.undeclared",
        'katherine@example.com has DNS (another User Group, "Friends"',
        _friends,
    )
    yield deviates(
        "break-glass has gone",
        "cloudflare.breakGlass",
        "second@example.com is no member of the account",
        lambda w: account(w).members.pop(member_id(w, "second@example.com")),
    )
    yield deviates(
        "break-glass has not accepted",
        "cloudflare.breakGlass",
        "second@example.com has not accepted",
        lambda w: setattr(_person(w, "second"), "status", "pending"),
    )
    yield deviates(
        "nobody has a role",
        "cloudflare.anybody",
        "nobody of",
        _nobody,
        also=f"{_MEMBERS_OF} cloudflare.members.billing",
    )


_MEMBERS_OF = "cloudflare.members.administrator cloudflare.members.super-administrator"


def _friends(world: World) -> None:
    whole = next(g.id for g in account(world).resource_groups.values() if g.objects == ["*"])
    policy = Policy(id="9", permission_groups=[ROLE_BY_NAME["DNS"].id], resource_groups=[whole])
    group = UserGroup(id="d" * 32, name="Friends", policies=[policy])
    group.members[member_id(world, "katherine@example.com")] = "now"
    account(world).user_groups[group.id] = group


def _nobody(world: World) -> None:
    for group in account(world).user_groups.values():
        group.members.clear()


def _person(world: World, name: str):
    return account(world).members[member_id(world, f"{name}@example.com")]


def _stray(world: World) -> None:
    user = world.cloudflare.user_by_email("stray@example.com", create=True)
    assert user is not None
    world.cloudflare.add_member(account(world), user, roles=["Minimal Account Access"])


def _stripped(world: World) -> None:
    for name in ("owner", "second"):
        _person(world, name).roles = ["Administrator"]


def _super_group(world: World) -> UserGroup:
    groups = account(world).user_groups.values()
    return next(one for one in groups if one.name == Role.SUPER_ADMINISTRATOR.value)


def _alone(world: World) -> None:
    _stripped(world)
    _person(world, "grace").status = "pending"


def alone_deviations(stack: Combination) -> Iterator[Deviation]:
    """Nobody is declared who could come: somebody has to be named."""
    deviates = partial(deviation, stack)
    role = Role.SUPER_ADMINISTRATOR
    yield deviates(
        "in charge alone",
        "cloudflare.superAdministrators",
        "1: owner@example.com",
        _in_charge_alone,
        also="cloudflare.breakGlass",
        cycle=True,
        config=(f"roles.{role.value}", {"members": []}),
    )


def _in_charge_alone(world: World) -> None:
    _person(world, "second").roles = ["Minimal Account Access"]
    for one in world.okta.groups.values():
        if one.name == Role.SUPER_ADMINISTRATOR.value:
            one.members.clear()


def empty_deviations(stack: Combination) -> Iterator[Deviation]:
    """Nobody is declared, and nobody is in any group."""
    deviates = partial(deviation, stack)
    yield deviates(
        "nobody in any group",
        "cloudflare.anybody",
        "groups are empty too",
        _emptied,
        cycle=True,
        config=("roles", {role.value: {} for role in ROLES}),
    )


def _emptied(world: World) -> None:
    for one in world.okta.groups.values():
        if one.type == "OKTA_GROUP" and one.name in {role.value for role in ROLES}:
            one.members.clear()
    for entity in world.entra.groups.values():
        if entity.text("displayName") in {role.value for role in ROLES}:
            entity.members.clear()


def virtual_deviations(stack: Combination) -> Iterator[Deviation]:
    """Virtual groups: served at all, and who is in them."""
    deviates = partial(deviation, stack)
    every = " ".join(f"cloudflare.group.{role.slug}" for role in ROLES)
    yield deviates(
        "virtual groups ended",
        "cloudflare.group.billing",
        "serves no virtual",
        lambda w: setattr(account(w), "virtual_groups", False),
        also=every,
    )
    for role, address in _MEMBER.items():
        yield deviates(
            f"virtual {role.slug} lacks one",
            f"cloudflare.members.{role.slug}",
            f"{address} is missing",
            lambda w, r=role: _leave(w, r),
        )
        yield deviates(
            f"virtual {role.slug} has one more",
            f"cloudflare.members.{role.slug}",
            "edsger@example.com is there",
            lambda w, r=role: (
                account(w).system_groups[r.value].members.append(member_id(w, "edsger@example.com"))
            ),
        )


def _leave(world: World, role: Role) -> None:
    account(world).system_groups[role.value].members.remove(member_id(world, _MEMBER[role]))


def _user_token() -> Iterator[Deviation]:
    deviates = partial(deviation, OKTA_USER)
    yield deviates("another user", "cloudflare.token.account", "user.0000", _other_user)
    yield deviates(
        "permission swapped",
        "cloudflare.token.permissions",
        "without Memberships Write; also DNS Read",
        _swap,
    )
    yield deviates(
        "its user left",
        SCIM,
        "answered 403",
        lambda w: account(w).members.pop(member_id(w, "owner@example.com")),
        also="cloudflare.breakGlass",
    )


def _other_user(world: World) -> None:
    policy = next(p for p in token(world).policies if "user" in next(iter(p.resources)))
    policy.resources = {f"com.cloudflare.api.user.{'0' * 32}": "*"}


def _swap(world: World) -> None:
    for policy in token(world).policies:
        policy.permission_groups = [
            DNS_READ if one == "9201bc6f42d440968aaab0c6f17ebb1d" else one
            for one in policy.permission_groups
        ]


CLOUDFLARE: list[Deviation] = [
    *token_deviations(OKTA),
    *role_deviations(OKTA),
    *one_group_deviations(ENTRA),
    *account_deviations(OKTA),
    *account_deviations(ENTRA),
    *alone_deviations(OKTA),
    *empty_deviations(OKTA),
    *empty_deviations(ENTRA),
    *_user_token(),
    *virtual_deviations(OKTA_VIRTUAL),
    *virtual_deviations(ENTRA_VIRTUAL),
]

"""Rules about who gets what: the roles alone, enough Super Administrators, few removals at once."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cfscim.config.access import (
    access_table,
    known_super_administrators,
    managed_elsewhere,
    people,
)
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS, VIRTUAL_GROUPS_LEFT_BY
from cfscim.config.kinds import OF_USER_GROUP, USER_GROUP
from cfscim.config.lanes import lanes, primary
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names
from cfscim.config.policy.allowed import accounted_for
from cfscim.config.policy.model import Case, ConfigCheck, Finding, ResourceView, Rule
from cfscim.config.policy.resources import policies_of
from cfscim.config.roles import ROLES, Role

# These give a role to a person, or put one into a group, past the identity provider.
_PAST_THE_GROUPS = frozenset(
    {
        "cloudflare:index/accountMember:AccountMember",
        "cloudflare:index/userGroupMembers:UserGroupMembers",
    }
)


def _four_roles(case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type in _PAST_THE_GROUPS:
        yield Finding(
            "it gives access past the four role groups",
            "remove it, and list the person under a role in the config",
        )
    else:
        yield from accounted_for(case, view)
    if view.type == USER_GROUP:
        roles = {
            lane.resource(OF_USER_GROUP, role): role
            for lane in lanes(case.config)
            for role in lane.config.roles
        }
        yield from _one_role(view, roles.get(view.name))


def _one_role(view: ResourceView, role: Role | None) -> Iterator[Finding]:
    policies = policies_of(view)
    groups = [group for policy in policies for group in _listed(policy.get("permissionGroups"))]
    scopes = [scope for policy in policies for scope in _listed(policy.get("resourceGroups"))]
    instead = "give it one policy with exactly its own role, on exactly the account"
    if len(policies) != 1 or len(groups) != 1 or len(scopes) != 1:
        yield Finding(
            f"its policies name {len(groups)} roles on {len(scopes)} scopes, not one on one",
            instead,
        )
        return
    group_id = groups[0].get("id") if isinstance(groups[0], dict) else None
    # Only `plan` knows the role behind an id; with an engine it is Cloudflare's own number.
    if (
        isinstance(group_id, str)
        and group_id.startswith("${permission group: ")
        and role is not None
    ):
        named = group_id.removeprefix("${permission group: ").removesuffix("}")
        if named != role.value:
            yield Finding(f'it gives the role "{named}", its name says "{role}"', instead)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _super_administrators(case: Case) -> Iterator[Finding]:
    known = known_super_administrators(case.config)
    if len(known) < FEWEST_SUPER_ADMINISTRATORS:
        names = ", ".join(known) or "nobody"
        yield Finding(
            f"this config names {len(known)} Super Administrator(s): {names}",
            "name at least two people under the role's members or in breakGlass",
            keys=("breakGlass",),
        )


def _role_model(case: Case) -> Iterator[Finding]:
    if (
        primary(case.config).role_model == "virtualGroups"
        and case.config.environment == "production"
    ):
        yield Finding(
            "a production stack is on virtualGroups",
            'write "roleModel: userGroups"; only with "environment: development" may it differ',
            keys=("roleModel",),
        )


def _removals(case: Case) -> Iterator[Finding]:
    if case.before_missing:
        yield Finding(
            "what was in force before cannot be read, so that no removal can be counted",
            "compare with a stack file that validates",
            keys=("roles",),
        )
    bases = [base for base in (case.before, *case.begun) if base is not None]
    counted = [_counts(base, case.config) for base in bases]
    for kind in dict.fromkeys(kind for counts in counted for kind in counts):
        yield from _too_many(case, kind, [counts.get(kind, _NOBODY) for counts in counted])
    changes = (change for base in bases for change in _everybody(base, case.config))
    for what, instead in dict.fromkeys(changes):
        yield Finding(
            f"the change takes access from everybody: {what}",
            f"{instead}, or add a waiver of removal-share with a date and an address",
            keys=("roles",),
        )


@dataclass(frozen=True)
class _Count:
    """Of one kind, by its key: whom or what a base has, and which of these the change takes."""

    all: Mapping[Hashable, str]
    gone: Mapping[Hashable, str]


_NOBODY = _Count({}, {})


def _counts(before: ScimConfig, after: ScimConfig) -> dict[str, _Count]:
    """What removals are counted in: the users' group, all people, each role, and the groups."""
    counts: dict[str, _Count] = {}
    gone = _losing(before, after)
    losing = _by_address(person for people_ in gone.values() for person in people_)
    if after.identity_provider.users_group.members is not None:
        stay = _by_address(people(after))
        had = _by_address(people(before))
        away = {key: person for key, person in had.items() if key not in stay}
        losing |= away
        if users := _by_address(before.identity_provider.users_group.members or ()):
            of_group = {key: person for key, person in users.items() if key in away}
            counts["people in the users' group"] = _Count(users, of_group)
    counts["people"] = _Count(
        _by_address(people(before)), _by_address(sorted(losing.values(), key=str.lower))
    )
    for role, given in before.roles.items():
        if given.members:
            lost = _by_address(gone.get(role, ()))
            counts[f"people who have {role.value}"] = _Count(_by_address(given.members), lost)
    old, new = _groups(before), _groups(after)
    # What a move leaves is replaced, side by side, by what it goes to.
    leaving = _groups_of(before.model_copy(update={"move": None})) if before.move else {}
    lost_groups = {key: name for key, name in old.items() if key not in new and key not in leaving}
    return {**counts, "groups": _Count({**old}, {**lost_groups})}


def _by_address(persons: Iterable[str]) -> dict[Hashable, str]:
    return {person.lower(): person for person in persons}


def _losing(before: ScimConfig, after: ScimConfig) -> dict[Role, tuple[str, ...]]:
    """Who loses each role; handing a group over to the identity provider takes nobody out of it."""
    managed = managed_elsewhere(after) if after.account.id == before.account.id else ()
    kept = {_grant(after, grant.person, grant.role) for grant in access_table(after)}
    gone: dict[Role, tuple[str, ...]] = {}
    for grant in access_table(before):
        if grant.role not in managed and _grant(before, grant.person, grant.role) not in kept:
            gone[grant.role] = (*gone.get(grant.role, ()), grant.person)
    return gone


def _everybody(before: ScimConfig, after: ScimConfig) -> Iterator[tuple[str, str]]:
    """Changes that nobody can count because no list says whom they meet: what, and instead."""
    for role, given in before.roles.items():
        new = after.roles.get(role)
        if given.members is not None or (new is not None and new.members is None):
            continue
        unseen = f"{role.value} was managed in the identity provider, and"
        if new is None:
            yield f"{role.value} is no longer declared", f"keep {role.value}"
        elif new.members:
            yield f"{unseen} only those who are listed keep it", "leave members out"
        else:
            yield f"{unseen} is emptied", "list who keeps the role"
    old_users, users = before.identity_provider.users_group, after.identity_provider.users_group
    if old_users.members is None and users.members is not None:
        yield (
            "the users' group was managed in the identity provider, and only those who are listed "
            "stay in it",
            "leave usersGroup.members out",
        )
    old, new_provider = before.identity_provider, after.identity_provider
    if not (isinstance(old, EntraConfig) and isinstance(new_provider, EntraConfig)):
        return
    if old.start and not new_provider.start:
        yield "provisioning is stopped (start: false)", "leave start: true"
    if old.scope == "filtered" and new_provider.scope == "assigned":
        yield (
            "only people in an assigned group stay (scope: assigned)",
            "leave scope: filtered",
        )
    clauses = [clause for clause in new_provider.user_filter if clause not in old.user_filter]
    if clauses and new_provider.scope == "filtered":
        named = ", ".join(sorted({clause.attribute for clause in clauses}))
        yield (
            f"a new clause of userFilter ({named}) decides who stays, and nobody may meet it",
            "leave the filter as it is",
        )


def _grant(config: ScimConfig, person: str, role: Role) -> tuple[str, str, Role]:
    return config.account.id, person.lower(), role


def _groups(config: ScimConfig) -> dict[tuple[str, str, str], str]:
    return {key: name for lane in lanes(config) for key, name in _groups_of(lane.config).items()}


def _groups_of(way: ScimConfig) -> dict[tuple[str, str, str], str]:
    names = [*group_names(way).values(), way.identity_provider.users_group.name]
    return {(way.account.id, way.identity_provider.kind, name): name for name in names}


def _too_many(case: Case, kind: str, counts: list[_Count]) -> Iterator[Finding]:
    """With several bases nobody knows how much of each is in force. At worst all that any of them
    has goes, and of the rest only that is there which every one has."""
    gone = {key: name for count in counts for key, name in count.gone.items()}
    sure = set[Hashable].intersection(*({*count.all} for count in counts)) - {*gone}
    total = len(gone) + len(sure)
    allowed = max(1, int(total * case.removal_share))
    # Of one or two there is no share: a single person may always go.
    if len(gone) > allowed:
        named = ", ".join(gone.values())
        since = " since the last verified deployment" if case.begun else ""
        yield Finding(
            f"the change takes access from {len(gone)} of {total} {kind} ({named}){since}, at most "
            f"{allowed} may go at once",
            "split the change, or add a waiver of removal-share with a date and an address",
            keys=("roles",),
        )


def _rule(name: str, title: str, reason: str, check: ConfigCheck) -> Rule:
    return Rule(name, title, reason, config=check)


FOUR_ROLES = Rule(
    "four-roles",
    f"Access is given by these roles alone: {', '.join(role.value for role in ROLES)}",
    "a further group or member is in no review of this config, and nobody would miss it there",
    resource=_four_roles,
)
TWO_SUPER_ADMINISTRATORS = _rule(
    "two-super-administrators",
    "At least two Super Administrators or break-glass persons are known",
    "with fewer, one wrong group locks everyone out of the account",
    _super_administrators,
)
PRODUCTION_MODEL = _rule(
    "production-user-groups",
    "Production stacks are on userGroups",
    f"Cloudflare ended virtual groups on {VIRTUAL_GROUPS_LEFT_BY}, so they may give nobody a role",
    _role_model,
)
REMOVALS = _rule(
    "removal-share",
    "A change removes at most a quarter of the people, of a role or of the groups, at least one",
    "a mass removal is more often a mistake in the config than a decision",
    _removals,
)

"""The rule that few people lose something at once, counted over every way by which they have it."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from cfscim.config.access import access_table, managed_elsewhere, people
from cfscim.config.lanes import lanes, way_of
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.names import every_group_name
from cfscim.config.policy.model import Case, Finding, Rule
from cfscim.config.roles import Role


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
    gone, away = _losing(before, after), _leaving(before, after)
    losing = _by_address(person for people_ in gone.values() for person in people_) | away
    had = [lane.config for lane in lanes(before)]
    users = _by_address(p for way in had for p in way.identity_provider.users_group.members or ())
    if users:
        of_group = {key: person for key, person in users.items() if key in away}
        counts["people in the users' group"] = _Count(users, of_group)
    counts["people"] = _Count(
        _by_address(person for way in had for person in people(way)),
        _by_address(sorted(losing.values(), key=str.lower)),
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


@dataclass(frozen=True)
class _Succession:
    """One way of before, and what stands for it after: the way itself, or, where it ends, every
    other one."""

    old: ScimConfig
    heirs: tuple[ScimConfig, ...]

    @property
    def goes_on(self) -> bool:
        return way_of(self.old) == way_of(self.heirs[0])

    @property
    def users_unseen(self) -> bool:
        """Whether nobody leaves the users' group because its members are nobody's here."""
        ours = self.old.identity_provider.users_group
        theirs = [new.identity_provider.users_group for new in self.heirs]
        return any(
            group.members is None and (not self.goes_on or group.name == ours.name)
            for group in theirs
        )


def _successions(before: ScimConfig, after: ScimConfig) -> Iterator[_Succession]:
    new = tuple(lane.config for lane in lanes(after))
    for lane in lanes(before):
        same = tuple(way for way in new if way_of(way) == way_of(lane.config))
        yield _Succession(lane.config, same or new)


def _leaving(before: ScimConfig, after: ScimConfig) -> dict[Hashable, str]:
    """Who stands in the users' group of a way, and in none that stands for it after."""
    away: dict[Hashable, str] = {}
    for way in _successions(before, after):
        if not way.users_unseen:
            stay = _by_address(person for new in way.heirs for person in people(new))
            had = _by_address(people(way.old))
            away |= {key: person for key, person in had.items() if key not in stay}
    return away


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
    for way in _successions(before, after):
        yield from _users_gone(way)
        heirs = (heir.identity_provider for heir in way.heirs)
        if way.old.identity_provider.delivers and not any(heir.delivers for heir in heirs):
            yield _stopped(way.old, way.heirs[0])
        if way.goes_on:
            old, new = way.old.identity_provider, way.heirs[0].identity_provider
            if isinstance(old, EntraConfig) and isinstance(new, EntraConfig):
                yield from _out_of_scope(old, new)
            if isinstance(old, OktaConfig) and isinstance(new, OktaConfig):
                yield from _another_app(old, new)


def _stopped(old: ScimConfig, new: ScimConfig) -> tuple[str, str]:
    former, kind = old.identity_provider.kind, new.identity_provider.kind
    if former == kind:
        return _STOPPED[kind]
    return (
        f"provisioning by {former} ends before {kind} delivers",
        f"leave identityProvider.kind: {former}, and go over to {kind} as a move",
    )


_STOPPED = {
    "entra": ("provisioning is stopped (start: false)", "leave start: true"),
    "okta": (
        "groups are no longer pushed and the app is no longer assigned (apiIntegrationConfirmed: "
        "false)",
        "leave apiIntegrationConfirmed: true",
    ),
}


def _users_gone(way: _Succession) -> Iterator[tuple[str, str]]:
    group = way.old.identity_provider.users_group
    if group.members is not None or way.users_unseen:
        return
    if all(new.identity_provider.users_group.members is not None for new in way.heirs):
        yield (
            "the users' group was managed in the identity provider, and only those who are listed "
            "stay in it",
            "leave usersGroup.members out",
        )
    else:
        yield (
            f"another users' group takes the place of {group.name}, which was managed in the "
            "identity provider",
            "leave usersGroup.name as it is",
        )


def _out_of_scope(old: EntraConfig, new: EntraConfig) -> Iterator[tuple[str, str]]:
    if old.scope == "filtered" and new.scope == "assigned":
        yield (
            "only people in an assigned group stay (scope: assigned)",
            "leave scope: filtered",
        )
    clauses = [clause for clause in new.user_filter if clause not in old.user_filter]
    if clauses and new.scope == "filtered":
        named = ", ".join(sorted({clause.attribute for clause in clauses}))
        yield (
            f"a new clause of userFilter ({named}) decides who stays, and nobody may meet it",
            "leave the filter as it is",
        )


def _another_app(old: OktaConfig, new: OktaConfig) -> Iterator[tuple[str, str]]:
    if old.catalog_app != new.catalog_app:
        yield (
            f"another app ({new.catalog_app}) takes the place of the one that provisions them",
            "leave catalogApp as it is",
        )


def _grant(config: ScimConfig, person: str, role: Role) -> tuple[str, str, Role]:
    return config.account.id, person.lower(), role


def _groups(config: ScimConfig) -> dict[tuple[str, str, str], str]:
    return {key: name for lane in lanes(config) for key, name in _groups_of(lane.config).items()}


def _groups_of(way: ScimConfig) -> dict[tuple[str, str, str], str]:
    provider = way.identity_provider
    names = every_group_name(way)
    return {(way.account.id, _tenant(provider), name): name for name in names}


def _tenant(provider: OktaConfig | EntraConfig) -> str:
    """Groups of one name in two organisations, or clouds, are two groups."""
    where = provider.org_name if isinstance(provider, OktaConfig) else provider.cloud
    return f"{provider.kind} {where.lower()}"


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
        from_whom = f"the change takes access from {len(gone)} of {total} {kind}"
        limit = f"{since}, at most {allowed} may go at once"
        yield Finding(
            f"{from_whom} ({named}){limit}",
            "split the change, or add a waiver of removal-share with a date and an address",
            keys=("roles",),
            brief=f"{from_whom}{limit}",
        )


REMOVALS = Rule(
    "removal-share",
    "A change removes at most a quarter of the people, of a role or of the groups, at least one",
    "a mass removal is more often a mistake in the config than a decision",
    config=_removals,
)

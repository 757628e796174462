"""Rules between parts of the config, checked on the raw object so that all show at once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from cfscim.config.credentials import is_secure, looks_secret, shown
from cfscim.config.facts import UNARY
from cfscim.config.messages import CONFIG_KEY, Keys, Message, in_config
from cfscim.config.roles import ROLES
from cfscim.config.words import INTEGER, moment

Raw = Mapping[str, object]
_DEEPEST = 40
"""Levels that are searched for credentials; the models know far fewer."""


def broken_rules(value: object) -> list[Message]:
    """Every rule between fields that the raw config object breaks, in a stable order.

    Values of the wrong type are passed over: the models report those.
    """
    problems = list(_secrets(value, ()))
    if isinstance(value, Mapping):
        for rule in _RULES:
            problems.extend(rule(value))
    return problems


def expired(value: object, now: datetime) -> Iterator[Message]:
    """The token's expiry in the raw config object, where it does not lie after `now`."""
    text = _section(value, "token").get("expiresOn") if isinstance(value, Mapping) else None
    ends = moment(text) if isinstance(text, str) else None
    if ends is not None and ends <= now:
        yield Message(
            where=in_config("token", "expiresOn"),
            what=f"{shown(text)} is in the past",
            why="Cloudflare refuses the expired token, so provisioning stands still",
            instead="write a later moment, and change token.rotation to get a new token",
        )


def _secrets(value: object, steps: Keys) -> Iterator[Message]:
    """Credentials never stand in the config object, in plain text or encrypted."""
    if len(steps) > _DEEPEST:
        return
    if is_secure(value):
        yield _credential(steps, "an encrypted value stands here")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _secrets(inner, (*steps, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _secrets(inner, (*steps, index))
    elif isinstance(value, str) and looks_secret(value):
        yield _credential(steps, "a value in the shape of a credential stands here")


def _credential(steps: Keys, what: str) -> Message:
    return Message(
        where=in_config(*steps),
        what=what,
        why="the config object is shown in plans and reviews, so it holds no credential",
        instead="remove it, revoke it if it was ever in plain text, and give the credential "
        "through the provider's own config or environment",
        secret=True,
    )


def _section(raw: Raw, *keys: str) -> Raw:
    section: object = raw
    for key in keys:
        section = section.get(key) if isinstance(section, Mapping) else None
    return section if isinstance(section, Mapping) else {}


def _texts(value: object) -> Iterator[tuple[int, str]]:
    if isinstance(value, list | tuple):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, str))


def _lists_of_people(raw: Raw) -> Iterator[tuple[Keys, object]]:
    for role, given in _section(raw, "roles").items():
        if isinstance(given, Mapping):
            yield ("roles", str(role), "members"), given.get("members")
    yield (
        ("identityProvider", "usersGroup", "members"),
        _section(raw, "identityProvider", "usersGroup").get("members"),
    )
    yield ("breakGlass",), raw.get("breakGlass")


def _people_twice(raw: Raw) -> Iterator[Message]:
    for steps, people in _lists_of_people(raw):
        first: dict[str, tuple[int, str]] = {}
        for index, person in _texts(people):
            before = first.setdefault(person.strip().lower(), (index, person))
            if before[0] != index:
                yield Message(
                    where=in_config(*steps, index),
                    what=f"{shown(person)} is listed twice, first as {shown(before[1])} "
                    f"at [{before[0]}]",
                    why="a list says exactly who belongs, whatever the case of the address",
                    instead="remove one of the two",
                )


def _people_spelled_twice(raw: Raw) -> Iterator[Message]:
    spelled: dict[str, tuple[Keys, str]] = {}
    for steps, people in _lists_of_people(raw):
        seen_here: set[str] = set()
        for index, person in _texts(people):
            here, key = (*steps, index), person.strip().lower()
            first, spelling = spelled.setdefault(key, (here, person))
            there = in_config(*first).path
            if spelling != person and key not in seen_here and first[: len(steps)] != steps:
                yield Message(
                    where=in_config(*here),
                    what=f"{shown(person)} is spelled {shown(spelling)} at {there}",
                    why="one person in two spellings looks like two to the identity provider",
                    instead="write the address in one way, as the identity provider has it",
                )
            seen_here.add(key)


def _break_glass_inside(raw: Raw) -> Iterator[Message]:
    outside = {person.lower(): index for index, person in _texts(raw.get("breakGlass"))}
    for steps, people in _lists_of_people(raw):
        if steps == ("breakGlass",):
            continue
        for index, person in _texts(people):
            if person.lower() in outside:
                yield Message(
                    where=in_config(*steps, index),
                    what=f"{shown(person)} also stands in breakGlass",
                    why="break-glass Super Administrators are kept outside SCIM, which would "
                    "otherwise take their access away with the group",
                    instead="remove the address from one of the two lists",
                )


def _prefix_without_user_groups(raw: Raw) -> Iterator[Message]:
    prefix = raw.get("groupPrefix")
    if raw.get("roleModel") == "virtualGroups" and isinstance(prefix, str) and prefix:
        yield Message(
            where=in_config("groupPrefix"),
            what="a groupPrefix is given with roleModel virtualGroups",
            why="virtual groups give a role by their exact name, which a prefix would break",
            instead='leave groupPrefix out, or write "roleModel: userGroups"',
        )


def _no_roles(raw: Raw) -> Iterator[Message]:
    if "roles" in raw and raw["roles"] == {}:
        yield Message(
            where=in_config("roles"),
            what="no role is named",
            why="exactly the roles named are declared, so nobody would be given any",
            instead="name a role, or leave the key out for all four",
        )


def _users_group_name(raw: Raw) -> Iterator[Message]:
    provider = _section(raw, "identityProvider")
    name = _section(provider, "usersGroup").get("name")
    if not isinstance(name, str):
        return
    where = in_config("identityProvider", "usersGroup", "name")
    prefix = raw.get("groupPrefix")
    if raw.get("roleModel") == "virtualGroups" or not isinstance(prefix, str):
        prefix = ""
    if name.strip().lower() in {f"{prefix}{role}".lower() for role in ROLES}:
        yield Message(
            where=where,
            what=f"{shown(name)} is the name of a role group",
            why="everyone who may sign in would be given that role",
            instead='write another name, like "Cloudflare Users"',
        )
    elif provider.get("kind") == "entra" and name.lower().startswith("cf"):
        yield Message(
            where=where,
            what=f"{shown(name)} begins with CF",
            why="Entra provisions the assigned group too, and Cloudflare refuses such a name",
            instead='write a name that begins otherwise, like "Cloudflare Users"',
        )


def _apostrophes(raw: Raw) -> Iterator[Message]:
    """Names that the Entra provider cannot send: it looks for the name without escaping it.

    Source (C): terraform-provider-azuread 3.9, groups, `displayName eq '%s'`.
    """
    provider = _section(raw, "identityProvider")
    if provider.get("kind") != "entra":
        return
    names: tuple[tuple[tuple[str, ...], object], ...] = (
        (("groupPrefix",), raw.get("groupPrefix")),
        (
            ("identityProvider", "usersGroup", "name"),
            _section(provider, "usersGroup").get("name"),
        ),
    )
    for path, name in names:
        if isinstance(name, str) and "'" in name:
            yield Message(
                where=in_config(*path),
                what=f"{shown(name)} has an apostrophe",
                why="the Entra provider does not escape it and cannot look for such a group",
                instead="write a name without apostrophe",
            )


def _user_filter(raw: Raw) -> Iterator[Message]:
    provider = _section(raw, "identityProvider")
    clauses = provider.get("userFilter")
    if not isinstance(clauses, list | tuple):
        return
    if clauses and provider.get("scope", "assigned") == "assigned":
        yield Message(
            where=in_config("identityProvider", "userFilter"),
            what="a userFilter is given with scope assigned",
            why="it filters all records of the tenant, which only scope filtered looks at",
            instead='write "scope: filtered", or leave userFilter out',
        )
    for index, clause in enumerate(clauses):
        if isinstance(clause, Mapping):
            yield from _clause(clause, ("identityProvider", "userFilter", index, "value"))


def _clause(clause: Raw, steps: Keys) -> Iterator[Message]:
    operator, value = clause.get("operator"), clause.get("value", "")
    why = f"the operator {operator}"
    if operator in UNARY and value != "":
        yield Message(
            in_config(*steps),
            f"a value is given with {operator}",
            f"{why} looks at the attribute alone",
            "leave the value out",
        )
    elif isinstance(operator, str) and operator not in UNARY and value == "":
        yield Message(
            in_config(*steps),
            f"no value is given with {shown(operator)}",
            f"{why} compares the attribute with a value",
            "add a value",
        )
    elif (
        operator in INTEGER
        and isinstance(value, str)
        and not (value.isascii() and value.isdecimal())
    ):
        yield Message(
            in_config(*steps),
            f"{shown(value)} is no integer",
            f"{why} compares integers",
            'write digits in quotes, like "10"',
        )


def _networks_twice(raw: Raw) -> Iterator[Message]:
    first: dict[str, int] = {}
    for index, network in _texts(_section(raw, "token").get("allowedCidrs")):
        before = first.setdefault(network.strip().lower(), index)
        if before != index:
            yield Message(
                where=in_config("token", "allowedCidrs", index),
                what=f"{shown(network)} is listed twice, first at [{before}]",
                why="Cloudflare keeps each network once, so every preview would show a change",
                instead="remove one of the two",
            )


def _move(raw: Raw) -> Iterator[Message]:
    """Where a move goes must be another way, with names of its own, and right by itself."""
    to = _section(raw, "move", "to")
    if not isinstance(raw.get("move"), Mapping) or "to" not in _section(raw, "move"):
        return
    target = _moved(raw, to)
    yield from _nowhere(raw, to)
    taken = {name.lower() for name in _group_names(raw)}
    names = _group_names(target)
    if to and any(name.lower() in taken for name in names):
        yield Message(
            where=in_config("move", "to", "groupPrefix"),
            what="the groups of the new way have the names of the present ones",
            why="both ways stand side by side, and a group of one name is one group in Cloudflare",
            instead="write a groupPrefix that differs from the present one, like "
            f"{shown(_free_prefix(raw))}",
        )
    for rule in _RULES:
        for problem in rule(target) if rule is not _move else ():
            # What the move leaves as it is was reported already.
            if str(problem.where.keys[1]) in to:
                keys = (CONFIG_KEY, "move", "to", *problem.where.keys[1:])
                yield replace(problem, where=replace(problem.where, keys=keys))


def _moved(raw: Raw, to: Raw) -> Raw:
    return {key: value for key, value in {**raw, **to}.items() if key != "move"}


def _nowhere(raw: Raw, to: Raw) -> Iterator[Message]:
    why = "a move is from one way to another"
    if not to:
        yield Message(
            where=in_config("move", "to"),
            what="nothing is named",
            why=why,
            instead="write roleModel: userGroups, a groupPrefix or another identityProvider",
        )
    if "roleModel" in to and raw.get("roleModel") == to["roleModel"]:
        yield Message(
            where=in_config("move", "to", "roleModel"),
            what=f"the stack is on {shown(to['roleModel'])} already",
            why=why,
            instead="leave the key out",
        )
    kind = _section(to, "identityProvider").get("kind")
    if kind is not None and kind == _section(raw, "identityProvider").get("kind"):
        yield Message(
            where=in_config("move", "to", "identityProvider", "kind"),
            what=f"the stack's identity provider is {shown(kind)} already",
            why="its application stays the same one, whatever the groups are called",
            instead="write the other kind, or change the settings of identityProvider itself",
        )


def _group_names(raw: Raw) -> list[str]:
    """The role groups' names, as `cfscim.config.names` makes them of a valid config."""
    declared = raw.get("roles")
    roles = [role for role in ROLES if not isinstance(declared, Mapping) or role in declared]
    if raw.get("roleModel") == "userGroups":
        prefix = raw.get("groupPrefix", "")
        return [f"{prefix if isinstance(prefix, str) else ''}{role}" for role in roles]
    if _section(raw, "identityProvider").get("kind") == "entra":
        return [f"CF-{_section(raw, 'account').get('id')} - {role}" for role in roles]
    return [str(role) for role in roles]


def _free_prefix(raw: Raw) -> str:
    return "Cloudflare " if raw.get("groupPrefix") != "Cloudflare " else "SCIM "


_RULES: tuple[Callable[[Raw], Iterator[Message]], ...] = (
    _people_twice,
    _people_spelled_twice,
    _break_glass_inside,
    _prefix_without_user_groups,
    _no_roles,
    _users_group_name,
    _apostrophes,
    _user_filter,
    _networks_twice,
    _move,
)

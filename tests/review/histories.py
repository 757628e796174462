"""Random histories of a stack's config, and what each means, worked out from the raw objects alone."""

import copy
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from cfscim.config.messages import ConfigError
from cfscim.config.models import parse_config
from tests.configs import ACCOUNT, COMBINATIONS, SUPER, config_object

Config = dict[str, Any]
Mutation = Callable[[Config, Random], object]

SLUGS = {
    "Administrator Read Only": "administrator-read-only",
    "Administrator": "administrator",
    "Billing": "billing",
    SUPER: "super-administrator",
}
PEOPLE = [
    f"{name}@example.com" for name in ("ada", "grace", "alan", "katherine", "edsger", "o'hara")
]
WHY = {"until": "2027-06-30", "by": "grace@example.com", "reason": "as reviewed"}
STEPS = 5


def history(seed: int, mutations: Sequence[Mutation] = ()) -> list[Config]:
    """A start and `STEPS` changes of it, one to three mutations each, all of them valid; by default
    of all `MUTATIONS`."""
    random = Random(seed)
    configs: list[Config] = [config_object(*random.choice(COMBINATIONS))]
    while len(configs) <= STEPS:
        changed = copy.deepcopy(random.choice(configs[-2:]))
        for mutate in random.sample(mutations or MUTATIONS, random.randint(1, 3)):
            mutate(changed, random)
        if changed != configs[-1] and is_valid(changed):
            configs.append(changed)
    return configs


def is_valid(config: Config) -> bool:
    """Whether `validate` accepts the object."""
    try:
        parse_config(config, stack="dev")
    except ConfigError:
        return False
    return True


def _some(random: Random) -> list[str]:
    return random.sample(PEOPLE, random.randint(0, 4))


def _members(config: Config, random: Random) -> None:
    config["roles"][random.choice([*config["roles"]])] = {"members": _some(random)}


def _elsewhere(config: Config, random: Random) -> None:
    config["roles"][random.choice([*config["roles"]])] = {}


def _drop(config: Config, random: Random) -> None:
    config["roles"].pop(random.choice([*config["roles"]]))


def _declare(config: Config, random: Random) -> None:
    config["roles"].setdefault(random.choice([*SLUGS]), {"members": _some(random)})


def _prefix(config: Config, random: Random) -> None:
    config["groupPrefix"] = random.choice(["", "Cloudflare ", "Prod - "])


def _token(config: Config, random: Random) -> None:
    key, values = random.choice(
        [
            ("rotation", ["1", "2", "3"]),
            ("keepPrevious", [True, False]),
            ("owner", ["account", "user"]),
            ("expiresOn", ["2027-05-20T00:00:00Z", "2027-09-01T00:00:00Z"]),
            ("allowedCidrs", [[], ["203.0.113.0/24"]]),
        ]
    )
    config["token"][key] = random.choice(values)


def _rotation(config: Config, random: Random) -> None:
    key, values = random.choice([("rotation", ["1", "2", "3"]), ("keepPrevious", [True, False])])
    config["token"][key] = random.choice(values)


def _users_group(config: Config, random: Random) -> None:
    given = {"members": _some(random)} if random.random() < 0.7 else {}
    name = random.choice(["Cloudflare Users"] * 3 + ["Everyone at Cloudflare"])
    config["identityProvider"]["usersGroup"] = {"name": name, **given}


def _break_glass(config: Config, random: Random) -> None:
    config["breakGlass"] = random.sample(["owner@example.com", "second@example.com"], 1)


def _removals(config: Config, random: Random) -> None:
    what = random.choice([*SLUGS, "usersGroup", "application", "everything"])
    config["removals"] = [] if config.get("removals") else [{"what": what, **WHY}]


def _move(config: Config, _random: Random) -> None:
    """The next step of a move, or the first."""
    move = config.get("move")
    if move is None:
        config["move"] = {"to": {"groupPrefix": "New ", "roleModel": "userGroups"}, **WHY}
        if config["roleModel"] == "userGroups":
            del config["move"]["to"]["roleModel"]
    elif not move.get("switched"):
        move["switched"] = True
    else:
        config.update(move["to"])
        del config["move"]


def _provider(config: Config, random: Random) -> None:
    model = config["roleModel"]
    config["identityProvider"] = config_object(random.choice(["okta", "entra"]), model, "account")[
        "identityProvider"
    ]


def _role_model(config: Config, random: Random) -> None:
    config["roleModel"] = random.choice(["userGroups", "virtualGroups"])


MUTATIONS: tuple[Mutation, ...] = (
    *(_members, _members, _members, _elsewhere, _drop, _declare, _prefix, _token, _users_group),
    *(_break_glass, _removals, _removals, _move, _move, _provider, _role_model),
)
EVERY_DAY: tuple[Mutation, ...] = (
    *(_members, _members, _members, _elsewhere, _drop, _declare, _rotation, _users_group),
    *(_break_glass, _removals, _removals, _move, _move),
)
"""Those that are carried out as they stand, or after an entry of `removals`."""


def in_force(config: Config) -> Config:
    """The object as it is without a move, or with its switched move done."""
    move = config.get("move")
    return config if move is None or not move.get("switched") else {**config, **move["to"]}


def ways(config: Config) -> Iterator[tuple[Config, str]]:
    """Each way that the object declares, and what its logical names end in."""
    move = config.get("move")
    if move is None or not move.get("switched"):
        yield config, ""
    if move is not None:
        yield {**config, **move["to"]}, "-next"


def group_of(config: Config, role: str) -> str:
    """The name that the contract gives a role's group."""
    if config["roleModel"] == "userGroups":
        return config.get("groupPrefix", "") + role
    entra = config["identityProvider"]["kind"] == "entra"
    return f"CF-{ACCOUNT} - {role}" if entra else role


def grants(config: Config) -> set[tuple[str, str, str]]:
    """Person, role and group of everything that the object lists."""
    return {
        (person, role, group_of(in_force(config), role))
        for role, given in config["roles"].items()
        for person in given.get("members") or ()
    }


def listed(config: Config) -> set[str]:
    """Everyone who is to be in the users' group."""
    users = in_force(config)["identityProvider"].get("usersGroup", {}).get("members") or ()
    return {*users, *(person for person, _, _ in grants(config))}


def may_go(config: Config, resource: str) -> bool:
    """Whether the object names this protected resource for removal."""
    move = config.get("move")
    if resource.endswith("-next") or (move is not None and move.get("switched")):
        return False  # nothing of a new way is for removal before the move is done
    named = {entry["what"] for entry in config.get("removals", ())}
    of_role = [role for role, slug in SLUGS.items() if _kind(resource) == slug]
    what = of_role[0] if of_role else "usersGroup" if "users" in resource else "application"
    return bool({what, "everything"} & named) or (move is not None and bool(of_role))


def _kind(resource: str) -> str:
    for kind in ("okta-group-", "okta-push-", "entra-group-", "entra-assignment-", "user-group-"):
        if resource.startswith(kind):
            return resource.removeprefix(kind)
    return resource

"""Changes of the config object itself that give, take or hide power, or loosen what holds it."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.configs import SUPER
from tests.review.gallery_scenarios import entra, okta
from tests.review.tricks import EVE, Trick, document, write

Change = Callable[[dict[str, Any]], object]

WAIVER = {"rule": "removal-share", "until": "2026-12-31", "by": EVE, "reason": "in a hurry"}
REMOVAL = {"what": "everything", "until": "2026-12-31", "by": EVE, "reason": "in a hurry"}
ADMIN, READER = "Administrator", "Administrator Read Only"
DASH, CYRILLIC = "Super Administrator \u2013 All Privileges", "\u0410dministrator"


def _trick(
    name: str,
    seen: str,
    change: Change,
    *,
    first: Change = lambda _config: None,
    kind: Callable[[], dict[str, object]] = okta,
) -> Trick:
    before = copy.deepcopy(kind())
    first(before)
    after = copy.deepcopy(before)
    change(after)
    return Trick(
        name,
        lambda folder: write(folder, document(**{"cloudflare-scim:scim": after})),
        seen,
        lambda folder: write(folder, document(**{"cloudflare-scim:scim": before})),
    )


def _members(role: str, *people: str) -> Change:
    return lambda config: config["roles"].update({role: {"members": list(people)}})


def _provider(**keys: object) -> Change:
    return lambda config: config["identityProvider"].update(keys)


def _token(**keys: object) -> Change:
    return lambda config: config["token"].update(keys)


def _key(**keys: object) -> Change:
    return lambda config: config.update(keys)


def _people() -> Iterator[Trick]:
    for role in (ADMIN, READER, "Billing", SUPER):
        yield _trick(f"a stranger in {role}", "eve", _members(role, EVE))
        yield _trick(f"{role} decided elsewhere", role, _key(roles={role: {}}))
        yield _trick(
            f"{role} new, decided elsewhere",
            f"{role}|removes",
            lambda config, role=role: config["roles"].update({role: {}}),
            first=lambda config, role=role: config["roles"].pop(role),
        )

    def swapped(config: dict[str, Any]) -> None:
        roles = config["roles"]
        roles[SUPER], roles[ADMIN] = roles[ADMIN], roles[SUPER]

    yield _trick("two roles change their people", "ada", swapped)
    yield _trick("another case", "Grace", _members(SUPER, "Grace@example.com", "alan@example.com"))
    for name in ("Administrator ", DASH, CYRILLIC, "administrator"):
        yield _trick(f"a role named {name!a}", "roles", _members(name, EVE))
    listed = _provider(usersGroup={"members": ["kay@example.com"]})
    yield _trick(
        "nobody else in the users' group",
        "kay",
        _provider(usersGroup={"members": []}),
        first=listed,
    )
    yield _trick(
        "a stranger in the users' group",
        "eve",
        _provider(usersGroup={"members": ["kay@example.com", EVE]}),
        first=listed,
    )
    yield _trick("another users' group", "users", _provider(usersGroup={"name": "Everyone"}))
    yield _trick("other groups", "cannot be carried out", _key(groupPrefix="Evil "))


def _outside() -> Iterator[Trick]:
    yield _trick("a new break-glass person", "eve", _key(breakGlass=["owner@example.com", EVE]))
    yield _trick("no break-glass person", "owner", _key(breakGlass=[]))
    yield _trick("another break-glass person", "eve", _key(breakGlass=[EVE]))
    yield _trick("a waiver", "removal-share", _key(waivers=[WAIVER]))
    yield _trick(
        "a waiver that lasts longer",
        "removal-share",
        _key(waivers=[{**WAIVER, "until": "2027-01-31"}]),
        first=_key(waivers=[WAIVER]),
    )
    yield _trick(
        "a waiver of waivers", "waiver", _key(waivers=[{**WAIVER, "rule": "waiver-known"}])
    )
    for what in ("everything", "Billing", "usersGroup", "application"):
        yield _trick(f"a removal of {what}", what, _key(removals=[{**REMOVAL, "what": what}]))
    yield _trick(
        "a removal that lasts longer",
        "2026-12-31",
        _key(removals=[REMOVAL]),
        first=_key(removals=[{**REMOVAL, "until": "2026-11-30"}]),
    )
    yield _trick("another account", "account", lambda config: config["account"].update(id="f" * 32))
    yield _trick("another name", "Sandbox", lambda config: config["account"].update(name="Sandbox"))
    yield _trick("no longer production", "production", _key(environment="development"))


def _moves() -> Iterator[Trick]:
    """What the new way of a move has, and the present one does not."""

    def moves(**provider: object) -> Change:
        to = {"groupPrefix": "New ", "identityProvider": {"kind": "entra", **provider}}
        return _key(move={"to": to, "until": "2026-12-31", "by": EVE, "reason": "in a hurry"})

    users = {"name": "All Company", "members": [f"p{n}@example.com" for n in range(30)]}
    yield _trick("a move to another users' group", "All Company", moves(usersGroup=users))
    strangers = {"members": [EVE]}
    yield _trick("a stranger in the new way", "eve@.* joins", moves(usersGroup=strangers))
    yield _trick(
        "a stranger in the new way, later",
        "eve@.* joins",
        moves(usersGroup=strangers),
        first=moves(),
    )
    yield _trick("a new way that is filtered", "All records", moves(scope="filtered"))


def _token_and_provider() -> Iterator[Trick]:
    yield _trick("another organisation in the config", "evil", _provider(orgName="evil"))
    yield _trick("another app", "evilapp|catalog|Okta app", _provider(catalogApp="evilapp"))
    yield _trick("no pushes", "pushed", _provider(apiIntegrationConfirmed=False))
    yield _trick("the previous token kept", "previous", _token(keepPrevious=True))
    yield _trick("a user's token", "token", _token(owner="user"))
    yield _trick("a token without end", "token", lambda config: config["token"].pop("expiresOn"))
    yield _trick("a token that lasts longer", "token", _token(expiresOn="2027-11-20T00:00:00Z"))
    yield _trick("another token", "token", _token(rotation="2"))
    narrow = _token(allowedCidrs=["203.0.113.0/24"])
    yield _trick("fewer networks", "token", narrow)
    yield _trick("every network", "everywhere", _token(allowedCidrs=[]), first=narrow)
    yield _trick("the whole internet", "token", _token(allowedCidrs=["0.0.0.0/0"]), first=narrow)
    clause = {"attribute": "department", "operator": "EQUALS", "value": "nobody"}
    for name, seen, change in (
        ("stopped", "stops", _provider(start=False)),
        ("all records", "All records", _provider(scope="filtered")),
        ("a filter", "removal-share|provisioned", _provider(scope="filtered", userFilter=[clause])),
        ("no brake", "limit", lambda config: config["identityProvider"].pop("deletionThreshold")),
        ("a weak brake", "limit", _provider(deletionThreshold=100_000)),
        ("another cloud", "cannot be carried out", _provider(cloud="china")),
        ("other groups", "roles|Roles", _key(roleModel="virtualGroups")),
    ):
        yield _trick(f"Entra: {name}", seen, change, kind=entra)
    yield _trick("Entra instead", "Entra", lambda config: config.update(entra()))


def config_tricks() -> list[Trick]:
    """What a config object can say, one change each."""
    return [*_people(), *_outside(), *_moves(), *_token_and_provider()]

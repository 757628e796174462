"""Okta's provisioning switches: what each is called, where it is, and how it has to stand.

The checklist, the gate, the connection by API and `verify` follow from this table. Source: guide,
"Integrate the Cloudflare API", "Set up your SCIM users" and "Push Groups"; feature names from
Okta's Applications API.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

USER_PROVISIONING = "USER_PROVISIONING"
"""The feature of an app that holds the switches which Okta's API sets."""


class Page(StrEnum):
    """Where in the app's console pages a switch is; a further page gets a step of its own."""

    INTEGRATION = "Provisioning > Integration"
    TO_APP = "Provisioning > To App"
    PUSH = "Push Groups > gear icon"

    @property
    def tab(self) -> str:
        """Its last heading."""
        return self.rpartition(" > ")[2]


@dataclass(frozen=True)
class Switch:
    """One switch.

    `title`: its name in the console; `name`: among the features of an app, where Okta lists it
    while it is on (`listed`), otherwise this program's name for it; `on`: how it has to stand;
    `at_first`: how it stands in a new app; `page`: None where there is no box, as it comes with the
    integration; `capability`: the way to it in the API of `USER_PROVISIONING`, empty where it has
    none; `beside`: what Okta shows beside its status there, as it stands in a new app."""

    title: str
    name: str
    page: Page | None
    on: bool
    at_first: bool = False
    listed: bool = True
    capability: tuple[str, ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def status(self) -> str:
        """How the API of features writes what is wanted."""
        return "ENABLED" if self.on else "DISABLED"

    @property
    def wanted(self) -> str:
        """How it has to stand, in a word: `on` or `off`."""
        return "on" if self.on else "off"

    @property
    def verb(self) -> str:
        """What is done to a box that stands otherwise."""
        return "enable" if self.on else "clear"


CREATE_USERS = Switch(
    "Create Users",
    "PUSH_NEW_USERS",
    Page.TO_APP,
    on=True,
    capability=("create", "lifecycle_create"),
)
DEACTIVATE_USERS = Switch(
    "Deactivate Users",
    "PUSH_USER_DEACTIVATION",
    Page.TO_APP,
    on=True,
    capability=("update", "lifecycle_deactivate"),
)
"""Off while a stack leaves Okta, or whoever is unassigned is deactivated in Cloudflare."""
PUSH_GROUPS = Switch("Push Groups", "GROUP_PUSH", None, on=True)
"""On wherever the integration is."""
RENAME_GROUPS = Switch(
    "Rename app groups to match group name in Okta",
    "renameGroups",
    Page.PUSH,
    on=False,
    at_first=True,
    listed=False,
)

SWITCHES = (
    CREATE_USERS,
    DEACTIVATE_USERS,
    PUSH_GROUPS,
    # Cloudflare refuses attribute updates, and knows no password.
    Switch(
        "Update User Attributes",
        "PUSH_PROFILE_UPDATES",
        Page.TO_APP,
        on=False,
        capability=("update", "profile"),
    ),
    Switch(
        "Sync Password",
        "PUSH_PASSWORD_UPDATES",
        Page.TO_APP,
        on=False,
        capability=("update", "password"),
        # The provider takes both into the state; left undeclared, every update would unset them.
        beside={"seed": "RANDOM", "change": "KEEP_EXISTING"},
    ),
    # In no API: the import features of an app prove nothing, Okta lists them with Create Users.
    Switch(
        "Import Groups", "importGroups", Page.INTEGRATION, on=False, at_first=True, listed=False
    ),
    RENAME_GROUPS,
)
"""Every switch that matters here, in the order in which it is asked for."""


def as_wanted(*, leaving: bool = False) -> tuple[Switch, ...]:
    """Every switch as it has to stand; `leaving`: while what assigns people to the app may go."""
    return tuple(
        replace(switch, on=False) if leaving and switch is DEACTIVATE_USERS else switch
        for switch in SWITCHES
    )


def listed(*, leaving: bool = False) -> tuple[Switch, ...]:
    """Those that Okta shows among an app's features."""
    return tuple(switch for switch in as_wanted(leaving=leaving) if switch.listed)


def unlisted() -> tuple[Switch, ...]:
    """Those that no API shows: a person looks."""
    return tuple(switch for switch in SWITCHES if not switch.listed)


def by_api(*, leaving: bool = False) -> tuple[Switch, ...]:
    """Those that the API of features sets and shows."""
    return tuple(switch for switch in as_wanted(leaving=leaving) if switch.capability)


def capabilities(*, leaving: bool = False) -> Any:
    """The input `capabilities` of `okta.app.Features`: every switch by API as it has to stand."""
    tree: dict[str, Any] = {}
    for switch in by_api(leaving=leaving):
        *way, last = switch.capability
        branch = tree
        for step in way:
            branch = branch.setdefault(step, {})
        branch[last] = {"status": switch.status, **switch.beside}
    return tree


def by_hand(*, api: bool = False, leaving: bool = False) -> dict[Page, list[Switch]]:
    """The boxes that a person ticks, by page; `api`: those left where Okta's API sets the rest."""
    pages: dict[Page, list[Switch]] = {}
    for switch in as_wanted(leaving=leaving):
        if switch.page is not None and not (api and switch.capability):
            pages.setdefault(switch.page, []).append(switch)
    return pages


def to_do(switches: Iterable[Switch]) -> str:
    """What a person does on a page: `enable A and B, leave C and D off`, `clear E`."""
    words = {(True, True): "enable {}", (False, True): "clear {}"}
    return ", ".join(
        words.get((on, change), f"leave {{}} {'on' if on else 'off'}").format(and_(titles))
        for on, change, titles in _groups(switches)
    )


def state(switches: Iterable[Switch]) -> str:
    """How a page looks once that is done: `A and B are enabled, C and D off`, `E is cleared`."""
    return ", ".join(_state(switches))


def _state(switches: Iterable[Switch]) -> Iterator[str]:
    for on, change, titles in _groups(switches):
        word = "enabled" if on else "cleared" if change else "off"
        is_ = f" {'is' if len(titles) == 1 else 'are'}" if change else ""
        yield f"{and_(titles)}{is_} {word}"


def _groups(switches: Iterable[Switch]) -> Iterator[tuple[bool, bool, list[str]]]:
    """`on`, whether that is a change, and the titles that share both."""
    here = list(switches)
    for kind in dict.fromkeys((switch.on, switch.on != switch.at_first) for switch in here):
        titles = [s.title for s in here if (s.on, s.on != s.at_first) == kind]
        yield *kind, titles


def and_(names: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last

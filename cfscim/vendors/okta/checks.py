"""What Okta must show before anything is pushed: the settings the guide has an administrator make.

Source: guide, "Integrate the Cloudflare API" and "Set up your SCIM users"; feature names from
Okta's Applications API (`features` of an app).
"""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from cfscim.config.calls import LEAVING
from cfscim.config.messages import RemoteError
from cfscim.config.okta_switches import DEACTIVATE_USERS, Page, by_api, listed

if TYPE_CHECKING:
    from cfscim.vendors.okta.api import OktaClient
    from cfscim.vendors.okta.models import Feature


def console_problems(features: Collection[str], *, leaving: bool = False) -> list[str]:
    """What an administrator still has to switch on or off; empty when all is as the guide says.

    `leaving`: Deactivate Users may be cleared already.
    """
    if leaving:
        features = {*features, DEACTIVATE_USERS.name}
    return [
        f"{switch.title} is {'off' if switch.on else 'on'}"
        for switch in listed()
        if (switch.name in features) is not switch.on
    ]


def check_console(
    okta: "OktaClient", app_id: str, _base_url: str, *, leaving: bool = False
) -> None:
    """Raises `RemoteError` unless the app's features are as the guide has them set by hand;
    `leaving`: Deactivate Users may be cleared already."""
    problems = console_problems(okta.app(app_id).features, leaving=leaving)
    if problems:
        raise NotAsDeclared(
            f"Okta app {app_id}: {', '.join(problems)}; groups pushed now would not reach "
            "Cloudflare; do the console steps listed under `remainingSteps`, or set "
            "apiIntegrationConfirmed: false until they are done"
        )


def check_leaving(okta: "OktaClient", app_id: str) -> None:
    """Raises `NotAsDeclared` while the app deactivates in Cloudflare whom Okta unassigns."""
    if DEACTIVATE_USERS.name in okta.app(app_id).features:
        raise NotAsDeclared(
            f"Okta app {app_id}",
            f"{DEACTIVATE_USERS.title} is on",
            "Okta would deactivate in Cloudflare everyone whom it unassigns as the app goes",
            f"clear {DEACTIVATE_USERS.title} in {Page.TO_APP} > Edit, save, and run this again "
            "(docs/leaving.md)",
        )


def check_connection(okta: "OktaClient", app_id: str, base_url: str) -> None:
    """Raises `RemoteError` unless Okta itself reports the connection as enabled."""
    connection = okta.connection(app_id)
    if connection.status != "ENABLED":
        raise NotAsDeclared(
            f"Okta app {app_id}: Okta took the connection and reports its status as "
            f"{connection.status}, which means that it supports no provisioning settings "
            "through its API for this app; nobody would be provisioned; write "
            "apiIntegration: console and follow the steps under `remainingSteps`"
        )
    if connection.base_url and connection.base_url != base_url:
        raise NotAsDeclared(
            f"Okta app {app_id}: Okta kept the base URL {connection.base_url} instead of "
            f"{base_url}; people would be provisioned elsewhere; write apiIntegration: console"
        )


def feature_problems(feature: "Feature | None", *, leaving: bool = False) -> list[str]:
    """What `USER_PROVISIONING` shows otherwise than it has to be; empty when all is right."""
    if feature is None:
        return ["no provisioning feature is there"]
    shown = [("provisioning", feature.status, "ENABLED")]
    shown += [
        (switch.title, feature.setting(switch.capability), switch.status)
        for switch in by_api(leaving=leaving)
    ]
    return [
        f"{title} is {status or 'not shown'}" for title, status, wanted in shown if status != wanted
    ]


def check_features(
    okta: "OktaClient", app_id: str, base_url: str, *, leaving: bool = False
) -> None:
    """Raises `RemoteError` unless every switch by API stands as it has to."""
    check_connection(okta, app_id, base_url)
    feature = okta.provisioning_feature(app_id)
    wrong = feature_problems(feature, leaving=leaving)
    if wrong:
        raise NotAsDeclared(
            f"Okta app {app_id}: Okta took the provisioning features and now shows that "
            f"{', '.join(wrong)}; people would be provisioned wrongly or not at all; write "
            "apiIntegration: console and follow the steps under `remainingSteps`"
        )


class NotAsDeclared(RemoteError):
    """Okta answers, and is not set up as declared."""


CHECKS: Mapping[str, Callable[["OktaClient", str, str], None]] = {
    "console": check_console,
    f"console{LEAVING}": partial(check_console, leaving=True),
    "connection": check_connection,
    "features": check_features,
    f"features{LEAVING}": partial(check_features, leaving=True),
}
"""By name; raises `RemoteError` with what is wrong. In: a client, the app, the SCIM base URL."""

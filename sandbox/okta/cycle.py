"""Okta's provisioning: what the assignments and push mappings call for, told to each target.

It knows an app's stored address and token and nothing of the target's inside.
"""

from typing import TYPE_CHECKING

from sandbox.okta import log
from sandbox.okta.again import forget_delivery
from sandbox.okta.cycle_groups import push_groups
from sandbox.okta.cycle_report import Report
from sandbox.okta.cycle_users import deactivate_users, push_users
from sandbox.okta.scim import ScimError, Target
from sandbox.okta.state import OktaState

if TYPE_CHECKING:
    from sandbox.server.world import World


def run_cycle(world: "World", *, full: bool = False) -> dict[str, object]:
    """Run once; called with Okta's lock held.

    ``full``: everything once more, as an administrator does it in the console: see `again`.

    Returns ``{"users": {"created", "linked", "reactivated", "deactivated"}, "groups": {"pushed",
    "unchanged", "skipped", "deleted"}, "errors"}``, lists of names and of one-line texts. Nothing
    that goes wrong at a target ends the cycle: it is tried again in the next one.
    """
    state: OktaState = world.okta
    report = Report()
    _delete_groups(world, state, report)
    for app in list(state.apps.values()):
        setup = app.provisioning
        if app.status != "ACTIVE" or not setup.enabled:
            continue
        try:
            with Target(world, app.name, setup.base_url, setup.token) as target:
                deactivate_users(state, app, target, report)
                if full:
                    forget_delivery(app, target, report)
                push_users(state, app, target, report)
                push_groups(state, app, target, report)
        except ScimError as error:  # an address that is none: no call could be made at all
            report.errors.append(f"{app.label}: {error}")
    return report.as_dict()


def _delete_groups(world: "World", state: OktaState, report: Report) -> None:
    kept = []
    for wanted in state.group_deletions:
        event = "application.provision.group_push.removed"
        message = f"Remove pushed group {wanted.name}"
        try:
            with Target(world, wanted.app_name, wanted.base_url, wanted.token) as target:
                target.delete_group(wanted.external_id)
        except ScimError as error:
            kept.append(wanted)
            report.errors.append(f"{wanted.app_label}: delete group {wanted.name}: {error}")
            log.write(state, event, message, failure=str(error))
        else:
            report.groups_deleted.append(wanted.name)
            log.write(state, event, message)
    state.group_deletions = kept

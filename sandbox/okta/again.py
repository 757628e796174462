"""Everything delivered again, as an administrator makes Okta do it in the console.

* **Push Groups > Push now** sends a group's members anew. A group that the target lost is pushed
  anew after its mapping was removed and made again
  (https://help.okta.com/en-us/content/topics/users-groups-profiles/usgp-group-push-troubleshoot.htm).
* A person whom the target lost is unassigned and assigned again: only that makes Okta ask the
  target about a person it believes to be there
  (https://support.okta.com/help/s/article/matching-user-not-found-provisioning-error-to-downstream-applications).
  **Force Sync** does not: it sends only what changed since the last success
  (https://support.okta.com/help/s/article/How-To-Use-The-Force-Sync-Option).

Okta has no API for Push now.
"""

from sandbox.okta.cycle_report import Report
from sandbox.okta.model import App, AppUser, Mapping
from sandbox.okta.scim import ScimError, Target


def forget_delivery(app: App, target: Target, report: Report) -> None:
    """Drop what Okta remembers of people and groups that the target does not have.

    The rest of the cycle then looks for them, and creates them where they are missing; members
    are sent as a whole. What the target has is neither created nor deactivated.
    """
    for app_user in app.users.values():
        try:
            _forget_user(app_user, target)  # one who cannot be asked about stays in the groups
        except ScimError as error:
            report.errors.append(f"{app.label}: push {app_user.user_name}: {error}")
    for mapping in app.mappings:
        try:
            _forget_group(mapping, target)
        except ScimError as error:
            report.errors.append(f"{app.label}: push group {mapping.target_name}: {error}")


def _forget_user(app_user: AppUser, target: Target) -> None:
    if app_user.external_id is None:
        return  # the cycle looks for this person anyway
    found = target.find_user(app_user.user_name)
    if found is None or found.get("active") is False:
        app_user.external_id = None
    else:
        app_user.external_id = str(found["id"])


def _forget_group(mapping: Mapping, target: Target) -> None:
    mapping.complete = False
    if mapping.external_id is None:
        return
    found = target.find_group(mapping.remote_name or mapping.target_name)
    if found is None:
        mapping.external_id = mapping.remote_name = None
    else:
        mapping.external_id = str(found["id"])

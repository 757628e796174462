"""Groups, apps and push mappings that an interrupted run created in Okta.

The group's description and the app's emptiness tell ours from a stranger's of the same name:
whoever is in a stranger's group must not get a role by it.
"""

from collections.abc import Mapping

from cfscim.adopt.stack_state import Unfinished
from cfscim.vendors.okta.api import OktaClient

Settings = Mapping[str, str]


def okta_group_left(
    one: Unfinished, _held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Id of the group of this name and description, of Okta's own kind. Raises `AnswerError`."""
    with OktaClient.from_settings(config, env) as client:
        group = client.group_by_name(one.text("name"))
        if group is None or group.type != "OKTA_GROUP":
            return []
        # Nobody is in a group that was only just created.
        ours = group.profile.description == one.text("description") and not client.group_members(
            group.id
        )
        return [group.id] if ours else []


def okta_app_left(
    one: Unfinished, held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Ids of the apps of this label, made from this catalogue entry, that do nothing yet: no
    group assigned, none pushed. Raises `AnswerError`."""
    with OktaClient.from_settings(config, env) as client:
        return [
            app.id
            for app in client.apps_by_label(one.text("label"))
            if app.id not in held
            and app.name == one.text("preconfiguredApp")
            and one.made_about(app.created)
            and not client.app_groups(app.id)
            and not client.app_users(app.id)
        ]


def push_left(one: Unfinished, _held: frozenset[str], config: Settings, env: Settings) -> list[str]:
    """Import ids of the app's mappings of this group. Raises `AnswerError`."""
    app = one.text("appId")
    with OktaClient.from_settings(config, env) as client:
        return [
            f"{app}/{mapping.id}"
            for mapping in client.push_mappings(app)
            if mapping.source_group_id == one.text("sourceGroupId")
        ]

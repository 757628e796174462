"""The Okta SCIM app from the catalogue, its users' group, and the group's assignment to it.

Deliberately not here: the app's provisioning settings. Okta has no API for them on this app
(`okta_gate.py`), and app updates have wiped them before (terraform-provider-okta #655), so the
app is protected and its volatile fields are left alone.
"""

import json
from collections.abc import Sequence

import pulumi
import pulumi_okta as okta

from cfscim.config.access import people as everyone_listed
from cfscim.config.kinds import OKTA_APP_NAME, OKTA_ASSIGNMENTS_NAME, OKTA_USERS
from cfscim.config.lanes import Lane
from cfscim.config.names import OKTA_USER_NAME
from components.okta.group import OktaGroup
from components.people import ids_of

USERS_GROUP_DESCRIPTION = "All Cloudflare users; assigned to the Cloudflare SCIM app"


class OktaApp(pulumi.ComponentResource):
    """The app (guide: Set up your Okta SCIM application) and the group of its users.

    In: the way, the ids of everyone listed, and what must exist before. Out: `id`, `users_group`.
    """

    id: pulumi.Output[str]
    users_group: OktaGroup

    def __init__(
        self,
        name: str,
        lane: Lane,
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaApp", name, {}, opts)
        okta_config = lane.config.okta
        self.users_group = self._users_group(lane, people, after)
        app = okta.app.Saml(
            OKTA_APP_NAME,
            label=okta_config.app_label,
            preconfigured_app=okta_config.catalog_app,
            status="ACTIVE",
            hide_web=True,
            hide_ios=True,
            auto_submit_toolbar=False,
            user_name_template=OKTA_USER_NAME,
            user_name_template_type="BUILT_IN",
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after],
                # Without the app nobody is provisioned, nor removed, any more.
                protect=lane.protects(OKTA_APP_NAME),
                # Okta fills these in when provisioning is set up by hand.
                ignore_changes=["appSettingsJson", "appLinksJson", "features"],
            ),
        )
        self.id = app.id
        self.register_outputs({"id": self.id})

    def _users_group(
        self,
        lane: Lane,
        people: pulumi.Output[dict[str, str]],
        after: Sequence[pulumi.Resource],
    ) -> OktaGroup:
        group = lane.config.okta.users_group
        everyone = sorted(everyone_listed(lane.config))
        at_least = None
        if group.members is None:
            at_least = {a: people.apply(lambda ids, a=a: ids[a]) for a in everyone}
        return OktaGroup(
            OKTA_USERS,
            group.name,
            USERS_GROUP_DESCRIPTION,
            exact=ids_of(everyone, people) if at_least is None else None,
            at_least=at_least,
            after=after,
            lane=lane,
            opts=pulumi.ResourceOptions(parent=self),
        )


class OktaAssignment(pulumi.ComponentResource):
    """The only assignment of the app, its users' group (guide: Assignments > Assign to Groups).

    Whoever is assigned before provisioning is on is never pushed (recorded), so it comes after
    the gate. In: the way, the app, the gate.
    """

    def __init__(
        self,
        name: str,
        lane: Lane,
        app: OktaApp,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaAssignment", name, {}, opts)
        okta.AppGroupAssignments(
            OKTA_ASSIGNMENTS_NAME,
            app_id=app.id,
            # The provider writes the profile back as JSON text; without it a refresh differs.
            groups=[{"id": app.users_group.id, "profile": json.dumps({})}],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[*after],
                # Without the assignment Okta deactivates everybody in Cloudflare.
                protect=lane.protects(OKTA_ASSIGNMENTS_NAME),
                # It was the app's child; nothing of it is made anew where it exists.
                aliases=[pulumi.Alias(parent=app)],
            ),
        )
        self.register_outputs({})

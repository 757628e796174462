"""The whole Okta half, in this order: groups, app, connection or gate, assignment, push."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people
from cfscim.config.kinds import OKTA_CONSOLE_GATE
from cfscim.config.lanes import Lane
from cfscim.config.names import scim_base_url
from cfscim.config.outputs import APPLICATION_ID, PUSH_MAPPING_IDS
from cfscim.config.roles import Role
from components.naming import of_way
from components.okta.app import OktaApp, OktaAssignment
from components.okta.connection import OktaApiIntegration
from components.okta.gate import OktaGate
from components.okta.people import okta_people
from components.okta.push import OktaPush, OktaRoleGroups
from components.token import ScopedToken


class OktaProvisioning(pulumi.ComponentResource):
    """In: the ways of Okta, the token, the guard, and what must exist first (the policies in
    Cloudflare).

    Out: `application_id`, `group_ids` by way and role, `gives_access` (the last resource without
    which nobody has access). Nobody is assigned and no group is pushed
    before an administrator has confirmed the console's part (`apiIntegrationConfirmed`).
    """

    application_id: pulumi.Output[str]
    gives_access: pulumi.Resource
    group_ids: dict[Lane, dict[Role, pulumi.Output[str]]]
    extra_outputs: dict[Lane, dict[str, pulumi.Output[object]]]

    def __init__(
        self,
        name: str,
        ways: Sequence[Lane],
        token: ScopedToken,
        guard: pulumi.Resource,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaProvisioning", name, {}, opts)
        config = ways[0].config
        invoke = pulumi.InvokeOptions(parent=self)
        ids = okta_people(list(people(config)), invoke)
        role_groups = {
            lane: OktaRoleGroups(
                of_way("okta-role-groups", lane, ways),
                lane,
                ids,
                after=[token, guard],
                opts=pulumi.ResourceOptions(parent=self),
            )
            for lane in ways
        }
        app = OktaApp(
            "okta-application",
            ways[0],
            ids,
            after=[*after, *role_groups.values()],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.extra_outputs = {lane: {} for lane in ways}
        self.gives_access = app
        gate = self._gate(ways[0], app, token)
        if gate is not None:
            assignment = OktaAssignment(
                "okta-assignment",
                ways[0],
                app,
                after=[gate],
                opts=pulumi.ResourceOptions(parent=self),
            )
            pushes = [
                OktaPush(
                    of_way("okta-push", lane, ways),
                    lane,
                    app.id,
                    groups.groups,
                    after=[*after, *role_groups.values(), gate, assignment],
                    opts=pulumi.ResourceOptions(parent=self),
                )
                for lane, groups in role_groups.items()
            ]
            self.gives_access = pushes[-1]
            for lane, push in zip(ways, pushes, strict=True):
                self.extra_outputs[lane][PUSH_MAPPING_IDS] = pulumi.Output.all(
                    **{role.value: mapping for role, mapping in push.ids.items()}
                )
        self.application_id = app.id
        self.group_ids = {
            lane: {role: group.id for role, group in groups.groups.items()}
            for lane, groups in role_groups.items()
        }
        self.register_outputs({APPLICATION_ID: self.application_id})

    def start(self, after: pulumi.Resource) -> None:
        """Okta provisions as soon as something is assigned or pushed."""

    def _gate(self, lane: Lane, app: OktaApp, token: ScopedToken) -> pulumi.Resource | None:
        base_url, okta_config = scim_base_url(lane.config), lane.config.okta
        if not okta_config.by_hand:
            return OktaApiIntegration(
                "okta-api-integration",
                app.id,
                base_url,
                token.value,
                after=[app],
                leaving=lane.leaves_okta,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if okta_config.confirmed:
            return OktaGate(
                OKTA_CONSOLE_GATE,
                app.id,
                "console",
                base_url,
                leaving=lane.leaves_okta,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
            )
        return None

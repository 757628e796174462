"""The whole of Cloudflare dashboard SCIM for one account, wired from one `ScimConfig`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pulumi

from cfscim.config import outputs
from cfscim.config.checklist import remaining_steps
from cfscim.config.facts import token_fingerprint
from cfscim.config.kinds import GUARD
from cfscim.config.lanes import Lane, lanes
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names, scim_base_url
from cfscim.config.warnings import lines, warnings
from components.access_guard import AccessGuard
from components.lookups import Lookups
from components.move_switch import MoveSwitch
from components.naming import of_way
from components.token import ScopedToken
from components.user_groups import RoleUserGroups

if TYPE_CHECKING:
    from components.entra.provisioning import EntraProvisioning
    from components.okta.provisioning import OktaProvisioning


class CloudflareScim(pulumi.ComponentResource):
    """Token, role policies, and the identity provider's side, in that order.

    In: the stack's config, and the domain of the Okta organisation (for links). Out:
    `stack_outputs`, as the contract lists them.
    """

    stack_outputs: dict[str, pulumi.Input[object]]

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        okta_domain: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:CloudflareScim", name, {}, opts)
        lookups = Lookups(config.account.id, pulumi.InvokeOptions(parent=self))
        token = ScopedToken("scoped-token", config, lookups, pulumi.ResourceOptions(parent=self))
        ways = lanes(config)
        guard = AccessGuard(
            GUARD,
            config,
            "change",
            (),
            pulumi.ResourceOptions(parent=self, depends_on=[token]),
        )
        policies = {
            lane: RoleUserGroups(
                of_way("user-groups", lane, ways),
                lane,
                lookups,
                [token, guard],
                pulumi.ResourceOptions(parent=self),
            )
            for lane in ways
            if lane.config.role_model == "userGroups"
        }
        # One identity provider, or, while the stack moves to another, both.
        provisioning = {
            kind: _provisioning_component(kind)(
                kind,
                [lane for lane in ways if lane.config.identity_provider.kind == kind],
                token,
                guard,
                [token, *policies.values()],
                pulumi.ResourceOptions(parent=self),
            )
            for kind in dict.fromkeys(lane.config.identity_provider.kind for lane in ways)
        }
        halves = [*provisioning.values()]
        destroy_guard = AccessGuard(
            "destroy-guard",
            config,
            "destroy",
            [
                half.application_id
                for kind, half in provisioning.items()
                if kind == "okta" and any(_unassigns(lane) for lane in ways)
            ],
            # After all that gives access, and so the first that a destroy meets.
            pulumi.ResourceOptions(parent=self, depends_on=[half.gives_access for half in halves]),
        )
        for half in halves:
            half.start(destroy_guard)
        if config.move is not None and config.move.switched:
            self._switch(config, ways[0], [*policies.values()])
        app_ids = pulumi.Output.all(*(half.application_id for half in halves))
        self.stack_outputs = {
            outputs.SCIM_BASE_URL: scim_base_url(config),
            outputs.TOKEN_ID: token.id,
            outputs.TOKEN_EXPIRES_ON: config.token.expires_on_text,
            outputs.TOKEN_VALUE: token.value,
            # A token's value is random enough that its hash gives nothing away.
            outputs.TOKEN_FINGERPRINT: pulumi.Output.unsecret(token.value.apply(token_fingerprint)),
            **_way_outputs(ways[0], halves[0], policies),
            # The new way's own, while both stand side by side.
            **(
                {outputs.NEXT_WAY: _way_outputs(ways[-1], halves[-1], policies)}
                if len(ways) > 1
                else {}
            ),
            outputs.REMAINING_STEPS: app_ids.apply(
                lambda ids: remaining_steps(
                    config, app_id=ids[0], next_app_id=ids[-1], okta_domain=okta_domain
                )
            ),
            outputs.WARNINGS: lines(warnings(config, today=datetime.now(UTC).date())),
        }
        self.register_outputs(self.stack_outputs)

    def _switch(self, config: ScimConfig, new: Lane, after: Sequence[pulumi.Resource]) -> None:
        former, now = group_names(config), group_names(new.config)
        MoveSwitch(
            "move-switch",
            config.account.id,
            {now[role]: former[role] for role in now},
            {now[role]: config.roles[role].members for role in now},
            pulumi.ResourceOptions(parent=self, depends_on=[*after]),
        )


def _unassigns(lane: Lane) -> bool:
    """Whether somebody is assigned to an Okta app of this way and would be deactivated with it;
    where the assignment is protected, nothing but the app's own end is of interest."""
    okta = lane.config.identity_provider.kind == "okta"
    return okta and (lane.config.identity_provider.delivers or not lane.leaves_okta)


def _way_outputs(
    lane: Lane,
    provisioning: "OktaProvisioning | EntraProvisioning",
    policies: Mapping[Lane, RoleUserGroups],
) -> dict[str, pulumi.Input[object]]:
    """What there is once for each way."""
    given = policies[lane].groups if lane in policies else {}
    return {
        outputs.APPLICATION_ID: provisioning.application_id,
        **provisioning.extra_outputs[lane],
        outputs.ROLE_GROUPS: {
            role.value: {
                outputs.GROUP_NAME: group,
                outputs.IDP_GROUP_ID: provisioning.group_ids[lane][role],
                outputs.CLOUDFLARE_GROUP_ID: given[role].id if role in given else None,
            }
            for role, group in group_names(lane.config).items()
        },
    }


def _provisioning_component(kind: str) -> type:
    # Each branch loads one provider SDK of several hundred milliseconds; only ours is loaded.
    if kind == "okta":
        from components.okta.provisioning import OktaProvisioning

        return OktaProvisioning
    from components.entra.provisioning import EntraProvisioning

    return EntraProvisioning

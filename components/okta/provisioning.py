"""The whole Okta half, in this order: groups, app, connection or gate, assignment, push."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.config.roles import Role
from components.okta.app import OktaApp, OktaAssignment
from components.okta.connection import OktaApiIntegration
from components.okta.gate import OktaGate
from components.okta.people import okta_people
from components.okta.push import OktaPush, OktaRoleGroups
from components.token import ScopedToken


class OktaProvisioning(pulumi.ComponentResource):
    """In: config, the token, and what must exist first (the role policies in Cloudflare).

    Out: `application_id`, `group_ids` by role. Nobody is assigned and no group is pushed before
    an administrator has confirmed the console's part (`apiIntegrationConfirmed`).
    """

    application_id: pulumi.Output[str]
    group_ids: dict[Role, pulumi.Output[str]]
    extra_outputs: dict[str, pulumi.Output[object]]

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        token: ScopedToken,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaProvisioning", name, {}, opts)
        okta_config = config.identity_provider
        assert isinstance(okta_config, OktaConfig)
        invoke = pulumi.InvokeOptions(parent=self)
        ids = okta_people(list(people(config)), invoke)
        role_groups = OktaRoleGroups(
            "okta-role-groups",
            config,
            ids,
            after=[token],
            opts=pulumi.ResourceOptions(parent=self),
        )
        app = OktaApp(
            "okta-application",
            config,
            okta_config,
            ids,
            after=[*after, role_groups],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.extra_outputs = {}
        gate = self._gate(config, okta_config, app, token)
        if gate is not None:
            assignment = OktaAssignment(
                "okta-assignment",
                config,
                app,
                after=[gate],
                opts=pulumi.ResourceOptions(parent=self),
            )
            push = OktaPush(
                "okta-push",
                app.id,
                role_groups.groups,
                after=[*after, role_groups, gate, assignment],
                opts=pulumi.ResourceOptions(parent=self),
            )
            self.extra_outputs["pushMappingIds"] = pulumi.Output.all(
                **{role.value: mapping for role, mapping in push.ids.items()}
            )
        self.application_id = app.id
        self.group_ids = {role: group.id for role, group in role_groups.groups.items()}
        self.register_outputs({"applicationId": self.application_id})

    def _gate(
        self, config: ScimConfig, okta_config: OktaConfig, app: OktaApp, token: ScopedToken
    ) -> pulumi.Resource | None:
        base_url = scim_base_url(config)
        if okta_config.api_integration == "api":
            return OktaApiIntegration(
                "okta-api-integration",
                app.id,
                base_url,
                token.value,
                after=[app],
                opts=pulumi.ResourceOptions(parent=self),
            )
        if okta_config.api_integration_confirmed:
            return OktaGate(
                "okta-console-gate",
                app.id,
                "console",
                base_url,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
            )
        return None

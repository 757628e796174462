"""The whole of Cloudflare dashboard SCIM for one account, wired from one `ScimConfig`."""

from datetime import UTC, datetime

import pulumi

from cfscim.config.checklist import remaining_steps
from cfscim.config.facts import token_fingerprint
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names, scim_base_url
from cfscim.config.warnings import lines, warnings
from components.lookups import Lookups
from components.token import ScopedToken
from components.user_groups import RoleUserGroups


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
        lookups = Lookups(config.account.id, invoke=pulumi.InvokeOptions(parent=self))
        token = ScopedToken("scoped-token", config, lookups, pulumi.ResourceOptions(parent=self))
        policies = None
        if config.role_model == "userGroups":
            policies = RoleUserGroups(
                "user-groups",
                config,
                lookups,
                [token],
                pulumi.ResourceOptions(parent=self),
            )
        provisioning = _provisioning_component(config)(
            config.identity_provider.kind,
            config,
            token,
            [token, policies] if policies else [token],
            pulumi.ResourceOptions(parent=self),
        )
        user_groups = policies.groups if policies else {}
        self.stack_outputs = {
            "scimBaseUrl": scim_base_url(config),
            "tokenId": token.id,
            "tokenExpiresOn": config.token.expires_on_text,
            "tokenValue": token.value,
            # A token's value is random enough that its hash gives nothing away.
            "tokenFingerprint": pulumi.Output.unsecret(token.value.apply(token_fingerprint)),
            "applicationId": provisioning.application_id,
            **provisioning.extra_outputs,
            "roleGroups": {
                role.value: {
                    "name": group,
                    "identityProviderGroupId": provisioning.group_ids[role],
                    "cloudflareGroupId": user_groups[role].id if role in user_groups else None,
                }
                for role, group in group_names(config).items()
            },
            "remainingSteps": provisioning.application_id.apply(
                lambda app_id: remaining_steps(config, app_id=app_id, okta_domain=okta_domain)
            ),
            "warnings": lines(warnings(config, today=datetime.now(UTC).date())),
        }
        self.register_outputs(self.stack_outputs)


def _provisioning_component(config: ScimConfig) -> type:
    # Each branch loads one provider SDK of several hundred milliseconds; only ours is loaded.
    if config.identity_provider.kind == "okta":
        from components.okta.provisioning import OktaProvisioning

        return OktaProvisioning
    from components.entra.provisioning import EntraProvisioning

    return EntraProvisioning

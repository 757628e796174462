"""`apiIntegration: api`: the app's provisioning settings through Okta's API, each read back.

Okta documents these calls for a few apps only; on any other the first gate fails the update with
what Okta answered and the way out (`apiIntegration: console`).
"""

from collections.abc import Sequence

import pulumi
import pulumi_okta as okta

from cfscim.config.kinds import OKTA_CONNECTION_NAME, OKTA_FEATURES_NAME
from cfscim.config.okta_switches import USER_PROVISIONING, capabilities
from components.okta.gate import OktaGate


class OktaApiIntegration(pulumi.ComponentResource):
    """Connection, read-back, features, read-back (guide: Integrate the Cloudflare API).

    In: app id, SCIM base URL and the token (secret); `leaving`: the stack leaves Okta, which then
    must deactivate nobody.
    """

    def __init__(
        self,
        name: str,
        app_id: pulumi.Output[str],
        base_url: str,
        token: pulumi.Output[str],
        after: Sequence[pulumi.Resource],
        *,
        leaving: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:OktaApiIntegration", name, {}, opts)
        connection = okta.app.Connection(
            OKTA_CONNECTION_NAME,
            id_property=app_id,
            base_url=base_url,
            action="activate",
            # The SDK does not mark the token secret here.
            profile={"auth_scheme": "TOKEN", "token": pulumi.Output.secret(token)},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*after]),
        )
        connected = OktaGate(
            "okta-connection-gate",
            app_id,
            "connection",
            base_url,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[connection]),
        )
        features = okta.app.Features(
            OKTA_FEATURES_NAME,
            app_id=app_id,
            name=USER_PROVISIONING,
            status="ENABLED",
            capabilities=capabilities(leaving=leaving),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[connected]),
        )
        OktaGate(
            "okta-features-gate",
            app_id,
            "features",
            base_url,
            leaving=leaving,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[features]),
        )
        self.register_outputs({})

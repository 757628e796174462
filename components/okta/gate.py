"""The gate before the push groups: Okta is asked what it really has, never believed on a 200.

Okta answers 200 with status `UNKNOWN` when it does not support provisioning settings for an app
(Okta API, ProvisioningConnectionStatus), and the provider records `ENABLED` all the same.
"""

from typing import Literal

import pulumi
from pulumi.dynamic import ReadResult, Resource

from cfscim.config.calls import LEAVING
from cfscim.config.messages import PROJECT
from cfscim.vendors.okta.checks import CHECKS
from components.rest_resource import Props, RepeatedProvider

Check = Literal["console", "connection", "features"]


class OktaGateProvider(RepeatedProvider):
    """Reads the app and fails the update unless it is set up; writes nothing to Okta."""

    declared = ("appId", "check", "baseUrl")
    replace_on = ("appId", "check")
    id_form = "{appId}/{check}"

    def read(self, id_: str, props: Props) -> ReadResult:
        """On refresh: no longer as declared reads as gone, so that the next update says why."""
        from cfscim.config.messages import RemoteError

        try:
            return ReadResult(id_, self.done(props))
        except RemoteError as error:
            if error.kind not in ("not found", "unexpected"):
                raise
            return ReadResult("", {})

    def done(self, props: Props) -> Props:
        """Raises `RemoteError` naming what Okta answered and what to do."""
        okta = self.okta()
        CHECKS[str(props["check"])](okta, str(props["appId"]), str(props["baseUrl"]))
        return self.kept(props)


class OktaGate(Resource, module=PROJECT, name="OktaGate"):
    """In: `app_id`, which check, the SCIM base URL expected, whether the stack leaves Okta; out:
    nothing but passing."""

    def __init__(
        self,
        name: str,
        app_id: pulumi.Input[str],
        check: Check,
        base_url: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        leaving: bool = False,
    ) -> None:
        named = f"{check}{LEAVING}" if leaving else check
        props = {"appId": app_id, "check": named, "baseUrl": base_url}
        super().__init__(OktaGateProvider(), name, props, opts)

"""Test Connection with the saved credentials (guide: Provision the enterprise application, 4)."""

import pulumi
from pulumi.dynamic import Resource

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RepeatedProvider


class EntraConnectionTestProvider(RepeatedProvider):
    """Runs Graph's `validateCredentials`; a failed test fails the update. Changes nothing."""

    declared = ("servicePrincipalId", "jobId", "tenantUrl", "tokenId")
    replace_on = ("servicePrincipalId", "jobId")
    id_form = "{jobId}/test"

    def done(self, props: Props) -> Props:
        """Raises `RemoteError` with Entra's answer when the test fails."""
        graph = self.graph()
        graph.validate_credentials(
            str(props["servicePrincipalId"]), str(props["jobId"]), settle=True
        )
        return self.kept(props)


class EntraConnectionTest(Resource, module=PROJECT, name="EntraConnectionTest"):
    """In: service principal, job, and what marks the saved credentials (tenant URL, token id)."""

    def __init__(
        self,
        name: str,
        service_principal_id: pulumi.Input[str],
        job_id: pulumi.Input[str],
        tenant_url: str,
        token_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "servicePrincipalId": service_principal_id,
            "jobId": job_id,
            "tenantUrl": tenant_url,
            "tokenId": token_id,
        }
        super().__init__(EntraConnectionTestProvider(), name, props, opts)

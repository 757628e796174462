"""Test Connection with the saved credentials (guide: Provision the enterprise application, 4)."""

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider


class EntraConnectionTestProvider(RestProvider):
    """Runs Graph's `validateCredentials`; a failed test fails the update. Changes nothing."""

    declared = ("servicePrincipalId", "jobId", "tenantUrl", "tokenId")
    replace_on = ("servicePrincipalId", "jobId")

    def create(self, props: Props) -> CreateResult:
        """Raises `RemoteError` with Entra's answer when the test fails."""
        return CreateResult(f"{props['jobId']}/test", self._tested(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Tests again: another token or tenant URL was saved."""
        return UpdateResult(self._tested(news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """A test is an event; there is nothing to refresh."""
        return ReadResult(id_, self.kept(props))

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing was changed, so there is nothing to undo."""

    def _tested(self, props: Props) -> Props:
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

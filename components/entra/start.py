"""Start provisioning, last of all (guide: Configure user permissions in Azure AD, step 7)."""

import pulumi
from pulumi.dynamic import ReadResult, Resource

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RepeatedProvider


class EntraStartProvider(RepeatedProvider):
    """Starts the job and reads back that its schedule is active; destroying pauses it."""

    declared = ("servicePrincipalId", "jobId", "running")
    replace_on = ("servicePrincipalId", "jobId")
    id_form = "{jobId}/start"

    def read(self, id_: str, props: Props) -> ReadResult:
        """Reports whether the job's schedule is active; a job that is gone reads as gone."""
        graph = self.graph()
        job = graph.find_job(str(props["servicePrincipalId"]), str(props["jobId"]))
        if job is None:
            return ReadResult("", {})
        return ReadResult(id_, {**self.kept(props), "running": job.running})

    def delete(self, _id: str, props: Props) -> None:
        """Pauses the job, as it was before; a job that is gone needs nothing."""
        graph = self.graph()
        graph.pause(str(props["servicePrincipalId"]), str(props["jobId"]))

    def done(self, props: Props) -> Props:
        """Starting a started job changes nothing. Raises `RemoteError`."""
        graph = self.graph()
        graph.start(str(props["servicePrincipalId"]), str(props["jobId"]))
        return self.kept(props)


class EntraStart(Resource, module=PROJECT, name="EntraStart"):
    """In: service principal and job. Declared only when the config says `start: true`."""

    def __init__(
        self,
        name: str,
        service_principal_id: pulumi.Input[str],
        job_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"servicePrincipalId": service_principal_id, "jobId": job_id, "running": True}
        super().__init__(EntraStartProvider(), name, props, opts)

"""The whole Entra half, in the guide's order: groups, app, job, secret, test, filter, start."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people
from cfscim.config.entra_keys import tenant_url
from cfscim.config.lanes import Lane
from cfscim.config.names import group_names
from cfscim.config.outputs import APPLICATION_ID, SERVICE_PRINCIPAL_ID, SYNCHRONIZATION_JOB_ID
from cfscim.config.roles import Role
from components.entra.app import EntraApp
from components.entra.assignments import EntraAssignments
from components.entra.connection_test import EntraConnectionTest
from components.entra.groups import EntraGroups
from components.entra.mapping import EntraMapping
from components.entra.people import entra_people
from components.entra.start import EntraStart
from components.token import ScopedToken


class EntraProvisioning(pulumi.ComponentResource):
    """In: the ways of Entra, the token, the guard, and what must exist first (the policies in
    Cloudflare).

    Out: `application_id`, `group_ids` by way and role, `gives_access` (the last resource without
    which nobody has access), and what Entra's own tools ask for.
    """

    application_id: pulumi.Output[str]
    gives_access: pulumi.Resource
    group_ids: dict[Lane, dict[Role, pulumi.Output[str]]]
    extra_outputs: dict[Lane, dict[str, pulumi.Output[str]]]

    def __init__(
        self,
        name: str,
        ways: Sequence[Lane],
        token: ScopedToken,
        guard: pulumi.Resource,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraProvisioning", name, {}, opts)
        config = ways[0].config
        ids = entra_people(list(people(config)), pulumi.InvokeOptions(parent=self))

        child = pulumi.ResourceOptions(parent=self)
        groups = EntraGroups("entra-groups", ways, ids, [token, guard], opts=child)
        app = EntraApp("entra-application", ways[0], token, [*after, groups], opts=child)
        tested = EntraConnectionTest(
            "entra-connection-test",
            app.service_principal_id,
            app.job_id,
            tenant_url(config),
            token.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
        )
        # In both scopes: without it the users' group itself would be pushed as a group.
        mapping = EntraMapping(
            "entra-mapping",
            app.service_principal_id,
            app.job_id,
            {
                name: groups.by_lane[lane][role].id
                for lane in ways
                for role, name in group_names(lane.config).items()
            },
            config.entra.user_filter,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[tested]),
        )
        assignments = EntraAssignments(
            "entra-assignments", groups, app.service_principal_id, [mapping], opts=child
        )
        self._start = config.entra.start
        self._before_start = [*after, groups, app, tested, mapping, assignments]
        self._job_id = app.job_id
        self.gives_access = assignments
        self.application_id = app.application_id
        self.group_ids = {
            lane: {role: group.id for role, group in roles.items()}
            for lane, roles in groups.by_lane.items()
        }
        self._service_principal_id = app.service_principal_id
        self.extra_outputs = {
            lane: {
                SERVICE_PRINCIPAL_ID: app.service_principal_id,
                SYNCHRONIZATION_JOB_ID: app.job_id,
            }
            for lane in ways
        }
        self.register_outputs({APPLICATION_ID: self.application_id})

    def start(self, after: pulumi.Resource) -> None:
        """Starts provisioning, last of all, where the config wants it started."""
        if self._start:
            EntraStart(
                "entra-start",
                self._service_principal_id,
                self._job_id,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._before_start, after]),
            )

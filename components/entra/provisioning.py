"""The whole Entra half, in the guide's order: groups, app, job, secret, test, filter, start."""

from collections.abc import Sequence

import pulumi

from cfscim.config.access import people
from cfscim.config.entra_keys import tenant_url
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import group_names
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
    """In: config, the token, and what must exist first (the role policies in Cloudflare).

    Out: `application_id`, `group_ids` by role, and what Entra's own tools ask for.
    """

    application_id: pulumi.Output[str]
    group_ids: dict[Role, pulumi.Output[str]]
    extra_outputs: dict[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        token: ScopedToken,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraProvisioning", name, {}, opts)
        entra_config = config.identity_provider
        assert isinstance(entra_config, EntraConfig)
        ids = entra_people(list(people(config)), pulumi.InvokeOptions(parent=self))

        child = pulumi.ResourceOptions(parent=self)
        groups = EntraGroups("entra-groups", config, entra_config, ids, [token], opts=child)
        app = EntraApp(
            "entra-application", config, entra_config, token, [*after, groups], opts=child
        )
        tested = EntraConnectionTest(
            "entra-connection-test",
            app.service_principal_id,
            app.job_id,
            tenant_url(config, entra_config),
            token.id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[app]),
        )
        # In both scopes: without it the users' group itself would be pushed as a group.
        mapping = EntraMapping(
            "entra-mapping",
            app.service_principal_id,
            app.job_id,
            {name: groups.roles[role].id for role, name in group_names(config).items()},
            entra_config.user_filter,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[tested]),
        )
        assignments = EntraAssignments(
            "entra-assignments", groups, app.service_principal_id, [mapping], opts=child
        )
        if entra_config.start:
            EntraStart(
                "entra-start",
                app.service_principal_id,
                app.job_id,
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[*after, groups, app, tested, mapping, assignments]
                ),
            )
        self.application_id = app.application_id
        self.group_ids = {role: group.id for role, group in groups.roles.items()}
        self.extra_outputs = {
            "servicePrincipalId": app.service_principal_id,
            "synchronizationJobId": app.job_id,
        }
        self.register_outputs({"applicationId": self.application_id})

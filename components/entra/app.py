"""The Entra enterprise application, its provisioning job (stopped) and the job's credentials.

Deliberately not here: starting the job. The provider starts it in the same step that creates it,
before there is a credential or a filter; `start.py` does it last.
"""

from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from cfscim.config.clouds import CLOUDS
from cfscim.config.entra_keys import Key, everybody, notifications, tenant_url
from cfscim.config.kinds import ENTRA_APP_NAME, ENTRA_CREDENTIALS_NAME, ENTRA_JOB_NAME
from cfscim.config.lanes import Lane
from components.entra.saved_keys import EntraSavedKeys
from components.token import ScopedToken


class EntraApp(pulumi.ComponentResource):
    """In: the way, the token, and what must exist before.

    Out: `application_id`, `service_principal_id` (object ids) and `job_id` (the full path).
    """

    application_id: pulumi.Output[str]
    service_principal_id: pulumi.Output[str]
    job_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        lane: Lane,
        token: ScopedToken,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraApp", name, {}, opts)
        address, entra_config = tenant_url(lane.config), lane.config.entra
        settings, all_users = notifications(entra_config), everybody(entra_config)
        app = azuread.ApplicationFromTemplate(
            ENTRA_APP_NAME,
            display_name=entra_config.app_name,
            template_id=CLOUDS[entra_config.cloud].template,
            # Without the app nobody is provisioned, nor removed, any more.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*after], protect=lane.protects(ENTRA_APP_NAME)
            ),
        )
        job = azuread.SynchronizationJob(
            ENTRA_JOB_NAME,
            service_principal_id=app.service_principal_id,
            template_id="scim",
            enabled=False,
            # Started by the last resource of the stack, not here.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["enabled"]),
        )
        keys = EntraSavedKeys(
            "entra-saved-keys",
            app.service_principal_id,
            # What makes the secret's next update; the keys are looked at before each.
            pulumi.Output.concat(token.id, " ", address, " ", settings, " ", all_users),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[job]),
        )
        azuread.SynchronizationSecret(
            ENTRA_CREDENTIALS_NAME,
            service_principal_id=app.service_principal_id,
            # Exactly these four: with another number than Entra keeps the provider waits until
            # its time-out (terraform-provider-azuread #1013).
            credentials=[
                {"key": Key.TENANT_URL.value, "value": address},
                # The SDK does not mark this value secret by itself.
                {"key": Key.TOKEN.value, "value": pulumi.Output.secret(token.value)},
                {"key": Key.NOTIFICATIONS.value, "value": settings},
                {"key": Key.EVERYBODY.value, "value": all_users},
            ],
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=[job, keys],
                # The provider deletes by emptying every value, which Entra refuses for
                # SyncNotificationSettings (azuread #973); the secret goes with the application.
                retain_on_delete=True,
            ),
        )
        self.application_id = app.application_object_id
        self.service_principal_id = app.service_principal_object_id
        self.job_id = job.id
        self.register_outputs({"applicationId": self.application_id, "jobId": self.job_id})

"""The Entra enterprise application, its provisioning job (stopped) and the job's credentials.

Deliberately not here: starting the job. The provider starts it in the same step that creates it,
before there is a credential or a filter; `start.py` does it last.
"""

import json
from collections.abc import Sequence

import pulumi
import pulumi_azuread as azuread

from cfscim.config.clouds import CLOUDS
from cfscim.config.models import EntraConfig, ScimConfig
from cfscim.config.names import scim_base_url
from components.entra.saved_keys import EntraSavedKeys
from components.token import ScopedToken


class EntraApp(pulumi.ComponentResource):
    """In: config, the token, and what must exist before.

    Out: `application_id`, `service_principal_id` (object ids) and `job_id` (the full path).
    """

    application_id: pulumi.Output[str]
    service_principal_id: pulumi.Output[str]
    job_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        config: ScimConfig,
        entra_config: EntraConfig,
        token: ScopedToken,
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("cloudflare-scim:index:EntraApp", name, {}, opts)
        settings = notification_settings(entra_config)
        everybody = "true" if entra_config.scope == "filtered" else "false"
        app = azuread.ApplicationFromTemplate(
            "entra-app",
            display_name=entra_config.app_name,
            template_id=CLOUDS[entra_config.cloud].template,
            # Without the app nobody is provisioned, nor removed, any more.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*after], protect=config.protects("entra-app")
            ),
        )
        job = azuread.SynchronizationJob(
            "entra-job",
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
            pulumi.Output.concat(
                token.id, " ", tenant_url(config, entra_config), " ", settings, " ", everybody
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[job]),
        )
        azuread.SynchronizationSecret(
            "entra-secret",
            service_principal_id=app.service_principal_id,
            # Exactly these four: with another number than Entra keeps the provider waits until
            # its time-out (terraform-provider-azuread #1013).
            credentials=[
                {"key": "BaseAddress", "value": tenant_url(config, entra_config)},
                # The SDK does not mark this value secret by itself.
                {"key": "SecretToken", "value": pulumi.Output.secret(token.value)},
                {"key": "SyncNotificationSettings", "value": settings},
                {"key": "SyncAll", "value": everybody},
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


def tenant_url(config: ScimConfig, entra_config: EntraConfig) -> str:
    """The guide's tenant URL, with the suffix that switches Entra's SCIM dialect when given."""
    return scim_base_url(config) + entra_config.tenant_url_suffix


def notification_settings(entra_config: EntraConfig) -> str:
    """Entra's `SyncNotificationSettings`: JSON text with the failure mail and the brake on
    accidental deletions."""
    settings: dict[str, object] = {"Enabled": entra_config.notification_email is not None}
    if entra_config.notification_email is not None:
        settings["Recipients"] = entra_config.notification_email
    settings["DeleteThresholdEnabled"] = entra_config.deletion_threshold is not None
    if entra_config.deletion_threshold is not None:
        settings["DeleteThresholdValue"] = entra_config.deletion_threshold
    return json.dumps(settings, separators=(",", ":"))

"""Declares what the rules forbid, next to something sound of each kind; never applied."""

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_okta as okta

ACCOUNT = "0123456789abcdef0123456789abcdef"

cloudflare.AccountToken(
    "token",
    account_id=ACCOUNT,
    name="too wide",
    policies=[
        {
            "effect": "allow",
            "permission_groups": [{"id": "1af1fa2adc104452b74a9a3364202f20"}],
            "resources": '{"com.cloudflare.api.account.*":"*"}',
        }
    ],
    opts=pulumi.ResourceOptions(protect=True),
)
CREDENTIAL = "cfat_" + "a1B2" * 10
group = okta.group.Group("group", name="Administrators", description=CREDENTIAL)
okta.group.Group(
    "sound-group",
    name="Administrator",
    description=pulumi.Output.secret(CREDENTIAL),
    opts=pulumi.ResourceOptions(protect=True),
)
okta.PushGroup("push", app_id="0oa00000000000000000", source_group_id=group.id, status="ACTIVE")
okta.PushGroup(
    "sound-push",
    app_id="0oa00000000000000000",
    source_group_id=group.id,
    status="ACTIVE",
    delete_target_group_on_destroy=False,
)

# pyright: basic, reportArgumentType=false
"""The guide's set-up as one would write it straight with the three SDKs, to compare with.

It reads the stack config that the program reads and declares the vendors' resources for it; no
component, no check, no read-back, no policy.
"""

import json

import pulumi
import pulumi_azuread as azuread
import pulumi_cloudflare as cloudflare
import pulumi_okta as okta

config = pulumi.Config("cloudflare-scim").require_object("scim")
account = config["account"]["id"]
provider = config["identityProvider"]
roles = {role: (given or {}).get("members") for role, given in config["roles"].items()}
people = sorted({person for members in roles.values() for person in members or []})
base_url = f"https://api.cloudflare.com/client/v4/accounts/{account}/scim/v2"


def slug(role: str) -> str:
    """A role's name as part of a resource's name."""
    return role.lower().replace(" - ", "-").replace(" ", "-")


listed = cloudflare.get_account_api_token_permission_groups_list_output(account_id=account)
token = cloudflare.AccountToken(
    "token",
    account_id=account,
    name=f"cloudflare-scim-{pulumi.get_stack()}",
    policies=[
        {
            "effect": "allow",
            "permission_groups": listed.results.apply(
                lambda groups: [{"id": g.id} for g in groups if g.name == "SCIM Provisioning"]
            ),
            "resources": json.dumps({f"com.cloudflare.api.account.{account}": "*"}),
        }
    ],
)
permissions = cloudflare.get_account_permission_groups_output(account_id=account)
resource_groups = cloudflare.get_resource_groups_output(account_id=account)
user_groups = [
    cloudflare.UserGroup(
        f"user-group-{slug(role)}",
        account_id=account,
        name=role,
        policies=[
            {
                "access": "allow",
                "permission_groups": permissions.results.apply(
                    lambda found, role=role: [{"id": g.id} for g in found if g.name == role]
                ),
                "resource_groups": resource_groups.results.apply(
                    lambda found: [{"id": found[0].id}]
                ),
            }
        ],
    )
    for role in roles
]
after = pulumi.ResourceOptions(depends_on=user_groups)

if provider["kind"] == "okta":
    found = okta.user.get_users_output(
        searches=[{"name": "profile.email", "value": person} for person in people],
        compound_search_operator="or",
    )
    ids = found.users.apply(lambda users: {user.email: user.id for user in users})
    users = okta.group.Group("users", name=provider["usersGroup"]["name"])
    for person in people:
        okta.UserGroupMemberships(
            f"users-{person}", user_id=ids.apply(lambda i, p=person: i[p]), groups=[users.id]
        )
    app = okta.app.Saml(
        "app",
        label=provider["appLabel"],
        preconfigured_app="scim2testapp",
        hide_web=True,
        hide_ios=True,
        auto_submit_toolbar=False,
        user_name_template="${source.email}",
        user_name_template_type="BUILT_IN",
        opts=after,
    )
    okta.AppGroupAssignments("assignments", app_id=app.id, groups=[{"id": users.id}])
    for role, members in roles.items():
        group = okta.group.Group(f"group-{slug(role)}", name=role)
        if members is not None:
            okta.GroupMemberships(
                f"members-{slug(role)}",
                group_id=group.id,
                users=ids.apply(lambda i, m=members: sorted(i[p] for p in m)),
                track_all_users=True,
            )
        okta.PushGroup(
            f"push-{slug(role)}",
            app_id=app.id,
            source_group_id=group.id,
            delete_target_group_on_destroy=False,
        )
else:
    found = azuread.get_users_output(mails=people)
    ids = found.users.apply(lambda users: {user.mail: user.object_id for user in users})
    application = azuread.ApplicationFromTemplate(
        "app",
        display_name=provider["appName"],
        template_id="8adf8e6e-67b2-4cf2-a259-e3dc5476c621",
        opts=after,
    )
    principal = application.service_principal_id
    job = azuread.SynchronizationJob(
        "job", service_principal_id=principal, template_id="scim", enabled=True
    )
    azuread.SynchronizationSecret(
        "secret",
        service_principal_id=principal,
        credentials=[
            {"key": "BaseAddress", "value": base_url},
            {"key": "SecretToken", "value": token.value},
        ],
    )
    groups = {
        "users": azuread.Group(
            "users",
            display_name=provider["usersGroup"]["name"],
            security_enabled=True,
            members=ids.apply(lambda i: sorted(i.values())),
        )
    }
    for role, members in roles.items():
        groups[slug(role)] = azuread.Group(
            f"group-{slug(role)}",
            display_name=role,
            security_enabled=True,
            members=ids.apply(lambda i, m=members: sorted(i[p] for p in m))
            if members is not None
            else None,
        )
    for name, group in groups.items():
        azuread.AppRoleAssignment(
            f"assignment-{name}",
            # The non-gallery template defines app roles, so Entra refuses the default one.
            app_role_id="18d14569-c3bd-439b-9a66-3a2aee01d14f",
            principal_object_id=group.object_id,
            resource_object_id=application.service_principal_object_id,
        )

pulumi.export("tokenValue", pulumi.Output.secret(token.value))

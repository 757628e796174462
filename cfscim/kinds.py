"""What each resource type is, in the words of the person who approves, and what replaces it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`words`: what the resource is. `forces_new`: the inputs that mean another remote object."""

    words: str
    forces_new: frozenset[str] = frozenset()


def _kind(words: str, *forces_new: str) -> Kind:
    return Kind(words, frozenset(forces_new))


KINDS: Mapping[str, Kind] = {
    "cloudflare:index/accountToken:AccountToken": _kind(
        "Cloudflare API token, account-owned", "accountId"
    ),
    "cloudflare:index/apiToken:ApiToken": _kind("Cloudflare API token, user-owned"),
    "cloudflare:index/userGroup:UserGroup": _kind("Cloudflare User Group", "accountId"),
    "okta:app/saml:Saml": _kind("Okta app", "preconfiguredApp"),
    "okta:group/group:Group": _kind("Okta group"),
    "okta:index/groupMemberships:GroupMemberships": _kind("members of an Okta group", "groupId"),
    "okta:index/userGroupMemberships:UserGroupMemberships": _kind(
        "one person's place in the users' group in Okta", "userId"
    ),
    "okta:index/appGroupAssignments:AppGroupAssignments": _kind(
        "assignment of the users' group to the Okta app", "appId"
    ),
    "okta:app/connection:Connection": _kind("API integration of the Okta app"),
    "okta:app/features:Features": _kind("provisioning features of the Okta app"),
    "okta:index/pushGroup:PushGroup": _kind(
        "push of an Okta group to Cloudflare",
        *("appId", "sourceGroupId", "targetGroupId", "targetGroupName", "appConfig"),
    ),
    "azuread:index/applicationFromTemplate:ApplicationFromTemplate": _kind(
        "Entra enterprise application", "templateId"
    ),
    "azuread:index/synchronizationJob:SynchronizationJob": _kind(
        "Entra provisioning job", "servicePrincipalId", "templateId"
    ),
    "azuread:index/synchronizationSecret:SynchronizationSecret": _kind(
        "Entra provisioning credentials", "servicePrincipalId"
    ),
    "azuread:index/group:Group": _kind("Entra group"),
    "azuread:index/appRoleAssignment:AppRoleAssignment": _kind(
        "assignment of a group to the Entra application",
        *("appRoleId", "principalObjectId", "resourceObjectId"),
    ),
    "pulumi-python:dynamic/cloudflare-scim:OktaGate": _kind(
        "check that Okta really is set up", "appId", "check"
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraGroupMembers": _kind(
        "people who must be in the Entra users' group", "groupId"
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraConnectionTest": _kind(
        "Test Connection in Entra", "servicePrincipalId", "jobId"
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraMapping": _kind(
        "scoping filter of the Entra job", "servicePrincipalId", "jobId"
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraStart": _kind(
        "start of Entra provisioning", "servicePrincipalId", "jobId"
    ),
}
"""Inputs that replace: `willReplaceOnChanges` in the three providers' Pulumi schemas (okta,
azuread), `RequiresReplace` in terraform-provider-cloudflare and terraform-provider-okta's
push_group, and `replace_on` of our own dynamic resources. What a component adds with
`replace_on_changes` is in its registration."""

TOKENS = frozenset(type_ for type_ in KINDS if type_.endswith(("AccountToken", "ApiToken")))
APPLICATIONS = frozenset(
    {
        "okta:app/saml:Saml",
        "azuread:index/applicationFromTemplate:ApplicationFromTemplate",
    }
)
JOBS = frozenset({"azuread:index/synchronizationJob:SynchronizationJob"})


def words_for(type_: str) -> str:
    """The type in words; an unknown one as it stands."""
    kind = KINDS.get(type_)
    return kind.words if kind else type_

"""What each resource type is, in the words of the person who approves, and what replaces it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`words`: what the resource is; `many`: several of them. `forces_new`: the inputs that mean
    another remote object. `when_deleted`: what its deletion means, where that is not plain.
    """

    words: str
    many: str
    forces_new: frozenset[str] = frozenset()
    when_deleted: str | None = None


def _kind(words: str, many: str, *forces_new: str, when_deleted: str | None = None) -> Kind:
    return Kind(words, many, frozenset(forces_new), when_deleted)


_NOTHING = "nothing changes in the vendor's console"

KINDS: Mapping[str, Kind] = {
    "cloudflare:index/accountToken:AccountToken": _kind(
        "Cloudflare API token, account-owned", "Cloudflare API tokens", "accountId"
    ),
    "cloudflare:index/apiToken:ApiToken": _kind(
        "Cloudflare API token, user-owned", "Cloudflare API tokens"
    ),
    "cloudflare:index/userGroup:UserGroup": _kind(
        "Cloudflare User Group", "Cloudflare User Groups", "accountId"
    ),
    "okta:app/saml:Saml": _kind("Okta app", "Okta apps", "preconfiguredApp"),
    "okta:group/group:Group": _kind("Okta group", "Okta groups"),
    "okta:index/groupMemberships:GroupMemberships": _kind(
        "members of an Okta group", "memberships of Okta groups", "groupId"
    ),
    "okta:index/userGroupMemberships:UserGroupMemberships": _kind(
        "one person's place in the users' group in Okta",
        "places in the users' group in Okta",
        "userId",
    ),
    "okta:index/appGroupAssignments:AppGroupAssignments": _kind(
        "assignment of the users' group to the Okta app", "assignments to Okta apps", "appId"
    ),
    "okta:app/connection:Connection": _kind(
        "API integration of the Okta app", "API integrations of Okta apps", when_deleted=_NOTHING
    ),
    "okta:app/features:Features": _kind(
        "provisioning features of the Okta app",
        "provisioning features of Okta apps",
        when_deleted=_NOTHING,
    ),
    "okta:index/pushGroup:PushGroup": _kind(
        "push of an Okta group to Cloudflare",
        "pushes of Okta groups to Cloudflare",
        *("appId", "sourceGroupId", "targetGroupId", "targetGroupName", "appConfig"),
        when_deleted="the Cloudflare group stays as it is",
    ),
    "azuread:index/applicationFromTemplate:ApplicationFromTemplate": _kind(
        "Entra enterprise application", "Entra enterprise applications", "templateId"
    ),
    "azuread:index/synchronizationJob:SynchronizationJob": _kind(
        "Entra provisioning job", "Entra provisioning jobs", "servicePrincipalId", "templateId"
    ),
    "azuread:index/synchronizationSecret:SynchronizationSecret": _kind(
        "Entra provisioning credentials", "Entra provisioning credentials", "servicePrincipalId"
    ),
    "azuread:index/group:Group": _kind(
        "Entra group",
        "Entra groups",
        *("assignableToRole", "behaviors", "mailNickname", "provisioningOptions", "types"),
    ),
    "azuread:index/appRoleAssignment:AppRoleAssignment": _kind(
        "assignment of a group to the Entra application",
        "assignments of groups to the Entra application",
        *("appRoleId", "principalObjectId", "resourceObjectId"),
    ),
    "pulumi-python:dynamic/cloudflare-scim:AccessGuard": _kind(
        "guard against a lock-out",
        "guards against a lock-out",
        *("accountId", "before"),
        when_deleted=_NOTHING,
    ),
    "pulumi-python:dynamic/cloudflare-scim:MoveSwitch": _kind(
        "switch of a move",
        "switches of a move",
        *("accountId", "newNames", "formerNames", "members"),
        when_deleted=_NOTHING,
    ),
    "pulumi-python:dynamic/cloudflare-scim:PreviousToken": _kind(
        "previous token, kept for a while",
        "previous tokens, kept for a while",
        when_deleted="the previous token is ended, once the present one was used",
    ),
    "pulumi-python:dynamic/cloudflare-scim:OktaGate": _kind(
        "check that Okta really is set up",
        "checks that Okta really is set up",
        *("appId", "check"),
        when_deleted=_NOTHING,
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraGroupMembers": _kind(
        "people who must be in the Entra users' group",
        "people who must be in Entra users' groups",
        "groupId",
        when_deleted="nobody is taken out of the group",
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraConnectionTest": _kind(
        "Test Connection in Entra",
        "Test Connections in Entra",
        *("servicePrincipalId", "jobId"),
        when_deleted=_NOTHING,
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraSavedKeys": _kind(
        "look at the keys that Entra keeps",
        "looks at the keys that Entra keeps",
        "servicePrincipalId",
        when_deleted=_NOTHING,
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraMapping": _kind(
        "scoping filter of the Entra job",
        "scoping filters of Entra jobs",
        *("servicePrincipalId", "jobId"),
        when_deleted="the filter that stood there first is put back",
    ),
    "pulumi-python:dynamic/cloudflare-scim:EntraStart": _kind(
        "start of Entra provisioning",
        "starts of Entra provisioning",
        *("servicePrincipalId", "jobId"),
        when_deleted="the job is paused",
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


def kind_of(type_: str) -> Kind:
    """The type's kind; of an unknown one nothing but its name is known."""
    return KINDS.get(type_) or Kind(type_, type_)


def words_for(type_: str) -> str:
    """The type in words; an unknown one as it stands."""
    return kind_of(type_).words

"""What each resource type is, in the words of the person who approves, and what replaces it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cfscim.config.messages import PROJECT

ACCOUNT_TOKENS = "cloudflare:index/accountToken:AccountToken"
USER_TOKENS = "cloudflare:index/apiToken:ApiToken"
USER_GROUP = "cloudflare:index/userGroup:UserGroup"
OKTA_APP = "okta:app/saml:Saml"
OKTA_GROUP = "okta:group/group:Group"
OKTA_MEMBERS = "okta:index/groupMemberships:GroupMemberships"
OKTA_PERSON = "okta:index/userGroupMemberships:UserGroupMemberships"
OKTA_ASSIGNMENTS = "okta:index/appGroupAssignments:AppGroupAssignments"
OKTA_CONNECTION = "okta:app/connection:Connection"
OKTA_FEATURES = "okta:app/features:Features"
OKTA_PUSH = "okta:index/pushGroup:PushGroup"
ENTRA_APP = "azuread:index/applicationFromTemplate:ApplicationFromTemplate"
ENTRA_JOB = "azuread:index/synchronizationJob:SynchronizationJob"
ENTRA_CREDENTIALS = "azuread:index/synchronizationSecret:SynchronizationSecret"
ENTRA_GROUP = "azuread:index/group:Group"
ENTRA_ASSIGNMENT = "azuread:index/appRoleAssignment:AppRoleAssignment"


def _function(module: str, name: str) -> str:
    return f"{module}/{name}:{name}"


ACCOUNT_TOKEN_POWERS = _function("cloudflare:index", "getAccountApiTokenPermissionGroupsList")
USER_TOKEN_POWERS = _function("cloudflare:index", "getApiTokenPermissionGroupsList")
ROLE_POWERS = _function("cloudflare:index", "getAccountPermissionGroups")
ACCOUNT_AS_RESOURCE = _function("cloudflare:index", "getResourceGroups")
TOKEN_USER = _function("cloudflare:index", "getUser")
OKTA_PEOPLE = _function("okta:user", "getUsers")
ENTRA_PEOPLE = _function("azuread:index", "getUsers")
"""What the program looks up, all of these: the providers' functions."""
OURS = f"pulumi-python:dynamic/{PROJECT}:"
"""What the types of our dynamic resources begin with."""
STACK = "pulumi:pulumi:Stack"
SERIALISED = "__provider"
"""The input of our own dynamic resources that carries the code which the engine runs."""
READING = ("-preview", "-drift", "-read")
"""What the names of the pipelines' environments end with in which nobody approves an update."""
ACCESS_GUARD = f"{OURS}AccessGuard"
MOVE_SWITCH = f"{OURS}MoveSwitch"
PREVIOUS_TOKENS = f"{OURS}PreviousToken"
TOKEN_WATCHES = f"{OURS}TokenWatch"
OKTA_GATE = f"{OURS}OktaGate"
ENTRA_MEMBERS = f"{OURS}EntraGroupMembers"
ENTRA_TEST = f"{OURS}EntraConnectionTest"
ENTRA_KEYS = f"{OURS}EntraSavedKeys"
ENTRA_MAPPING = f"{OURS}EntraMapping"
ENTRA_START = f"{OURS}EntraStart"


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
    ACCOUNT_TOKENS: _kind(
        "Cloudflare API token, account-owned", "Cloudflare API tokens", "accountId"
    ),
    USER_TOKENS: _kind("Cloudflare API token, user-owned", "Cloudflare API tokens"),
    USER_GROUP: _kind("Cloudflare User Group", "Cloudflare User Groups", "accountId"),
    OKTA_APP: _kind("Okta app", "Okta apps", "preconfiguredApp"),
    OKTA_GROUP: _kind("Okta group", "Okta groups"),
    OKTA_MEMBERS: _kind("members of an Okta group", "memberships of Okta groups", "groupId"),
    OKTA_PERSON: _kind(
        "one person's place in the users' group in Okta",
        "places in the users' group in Okta",
        "userId",
    ),
    OKTA_ASSIGNMENTS: _kind(
        "assignment of the users' group to the Okta app", "assignments to Okta apps", "appId"
    ),
    OKTA_CONNECTION: _kind(
        "API integration of the Okta app", "API integrations of Okta apps", when_deleted=_NOTHING
    ),
    OKTA_FEATURES: _kind(
        "provisioning features of the Okta app",
        "provisioning features of Okta apps",
        when_deleted=_NOTHING,
    ),
    OKTA_PUSH: _kind(
        "push of an Okta group to Cloudflare",
        "pushes of Okta groups to Cloudflare",
        *("appId", "sourceGroupId", "targetGroupId", "targetGroupName", "appConfig"),
        when_deleted="the Cloudflare group stays as it is",
    ),
    ENTRA_APP: _kind("Entra enterprise application", "Entra enterprise applications", "templateId"),
    ENTRA_JOB: _kind(
        "Entra provisioning job", "Entra provisioning jobs", "servicePrincipalId", "templateId"
    ),
    ENTRA_CREDENTIALS: _kind(
        "Entra provisioning credentials", "Entra provisioning credentials", "servicePrincipalId"
    ),
    ENTRA_GROUP: _kind(
        "Entra group",
        "Entra groups",
        *("assignableToRole", "behaviors", "mailNickname", "provisioningOptions", "types"),
    ),
    ENTRA_ASSIGNMENT: _kind(
        "assignment of a group to the Entra application",
        "assignments of groups to the Entra application",
        *("appRoleId", "principalObjectId", "resourceObjectId"),
    ),
    ACCESS_GUARD: _kind(
        "guard against a lock-out",
        "guards against a lock-out",
        "before",
        when_deleted=_NOTHING,
    ),
    MOVE_SWITCH: _kind(
        "switch of a move",
        "switches of a move",
        *("accountId", "newNames", "formerNames"),
        when_deleted=_NOTHING,
    ),
    PREVIOUS_TOKENS: _kind(
        "end of a Cloudflare API token",
        "ends of Cloudflare API tokens",
        when_deleted="the token is ended at Cloudflare",
    ),
    TOKEN_WATCHES: _kind(
        "look at the token's state", "looks at tokens' states", when_deleted=_NOTHING
    ),
    OKTA_GATE: _kind(
        "check that Okta really is set up",
        "checks that Okta really is set up",
        *("appId", "check"),
        when_deleted=_NOTHING,
    ),
    ENTRA_MEMBERS: _kind(
        "people who must be in the Entra users' group",
        "people who must be in Entra users' groups",
        "groupId",
        when_deleted="nobody is taken out of the group",
    ),
    ENTRA_TEST: _kind(
        "Test Connection in Entra",
        "Test Connections in Entra",
        *("servicePrincipalId", "jobId"),
        when_deleted=_NOTHING,
    ),
    ENTRA_KEYS: _kind(
        "look at the keys that Entra keeps",
        "looks at the keys that Entra keeps",
        "servicePrincipalId",
        when_deleted=_NOTHING,
    ),
    ENTRA_MAPPING: _kind(
        "scoping filter of the Entra job",
        "scoping filters of Entra jobs",
        *("servicePrincipalId", "jobId"),
        when_deleted="the filter that stood there first is put back",
    ),
    ENTRA_START: _kind(
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

TOKENS = frozenset({ACCOUNT_TOKENS, USER_TOKENS})
APPLICATIONS = frozenset({OKTA_APP, ENTRA_APP})
GROUPS = frozenset({OKTA_GROUP, ENTRA_GROUP, USER_GROUP})
JOBS = frozenset({ENTRA_JOB})
CHECKS = frozenset({ACCESS_GUARD, TOKEN_WATCHES, OKTA_GATE, ENTRA_TEST, ENTRA_KEYS})
"""Of our own resources those that only look, and stop an update: no vendor holds anything of them.
"""

TOKEN = "token"  # noqa: S105 - a name
TOKEN_WATCH = "token-watch"  # noqa: S105 - a name
PREVIOUS_TOKEN = "previous-token"  # noqa: S105 - a name
GUARD = "access-guard"
NEXT = "-next"
"""What the logical name of a resource of a move's new way ends in, until the move is done."""
OKTA_APP_NAME = "okta-app"
OKTA_USERS = "okta-users-group"
OKTA_ASSIGNMENTS_NAME = "okta-app-assignments"
ENTRA_APP_NAME = "entra-app"
ENTRA_USERS = "entra-users-group"
ENTRA_USERS_ASSIGNMENT = "entra-assignment-users"
ENTRA_JOB_NAME = "entra-job"
ENTRA_CREDENTIALS_NAME = "entra-secret"
OKTA_CONNECTION_NAME = "okta-connection"
OKTA_FEATURES_NAME = "okta-features"
OKTA_CONSOLE_GATE = "okta-console-gate"
"""Logical names of what is declared once; they never change."""

OF_USER_GROUP = "user-group"
OF_OKTA_GROUP = "okta-group"
OF_OKTA_PUSH = "okta-push"
OF_ENTRA_GROUP = "entra-group"
OF_ENTRA_ASSIGNMENT = "entra-assignment"
OF_A_ROLE = (OF_USER_GROUP, OF_OKTA_GROUP, OF_OKTA_PUSH, OF_ENTRA_GROUP, OF_ENTRA_ASSIGNMENT)
"""What the logical names of a role's resources begin with; the role's slug ends them
(`Role.resource`)."""
MEMBERS = "-members"
"""What the logical name of a group's membership ends in, after the group's own."""

OF_THE_USERS_GROUP = frozenset({OKTA_USERS, ENTRA_USERS, ENTRA_USERS_ASSIGNMENT})
OF_THE_APPLICATION = frozenset({OKTA_APP_NAME, OKTA_ASSIGNMENTS_NAME, ENTRA_APP_NAME})
"""The logical names of what is protected beside the roles."""


def kind_of(type_: str) -> Kind:
    """The type's kind; of an unknown one nothing but its name is known."""
    return KINDS.get(type_) or Kind(type_, type_)


def words_for(type_: str) -> str:
    """The type in words; an unknown one as it stands."""
    return kind_of(type_).words

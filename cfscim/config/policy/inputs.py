"""What a resource may be given: the inputs that the program sets, and nothing beside them.

Source of the defaults: okta/terraform-provider-okta 6, the schemas of its resources (D); the
engine hands a rule the inputs as the provider has completed them.
"""

from collections.abc import Iterator, Mapping

from cfscim.config.json_types import Json
from cfscim.config.kinds import (
    ACCOUNT_TOKENS,
    ENTRA_APP,
    ENTRA_ASSIGNMENT,
    ENTRA_CREDENTIALS,
    ENTRA_GROUP,
    ENTRA_JOB,
    OKTA_APP,
    OKTA_ASSIGNMENTS,
    OKTA_CONNECTION,
    OKTA_FEATURES,
    OKTA_GROUP,
    OKTA_MEMBERS,
    OKTA_PERSON,
    OKTA_PUSH,
    USER_GROUP,
    USER_TOKENS,
)
from cfscim.config.policy.model import Case, Finding, ResourceView, Rule

_TOKEN = ("condition", "expiresOn", "name", "policies")
_SET: Mapping[str, tuple[str, ...]] = {
    ACCOUNT_TOKENS: ("accountId", *_TOKEN),
    USER_TOKENS: _TOKEN,
    USER_GROUP: ("accountId", "name", "policies"),
    OKTA_APP: (
        *("autoSubmitToolbar", "hideIos", "hideWeb", "label", "preconfiguredApp", "status"),
        *("userNameTemplate", "userNameTemplateType"),
    ),
    OKTA_GROUP: ("description", "name"),
    OKTA_MEMBERS: ("groupId", "trackAllUsers", "users"),
    OKTA_PERSON: ("groups", "userId"),
    OKTA_ASSIGNMENTS: ("appId", "groups"),
    OKTA_CONNECTION: ("action", "baseUrl", "idProperty", "profile"),
    OKTA_FEATURES: ("appId", "capabilities", "name", "status"),
    OKTA_PUSH: ("appId", "deleteTargetGroupOnDestroy", "sourceGroupId", "status"),
    ENTRA_APP: ("displayName", "templateId"),
    ENTRA_JOB: ("enabled", "servicePrincipalId", "templateId"),
    ENTRA_CREDENTIALS: ("credentials", "servicePrincipalId"),
    ENTRA_GROUP: (
        *("description", "displayName", "members", "preventDuplicateNames", "securityEnabled"),
    ),
    ENTRA_ASSIGNMENT: ("appRoleId", "principalObjectId", "resourceObjectId"),
}
_DEFAULTS: Mapping[tuple[str, str], Json] = {(OKTA_APP, "samlVersion"): "2.0"}
"""What a provider adds by itself and is no absence."""


def _known_inputs(_case: Case, view: ResourceView) -> Iterator[Finding]:
    known = _SET.get(view.type)
    if known is None:
        return
    for key, value in view.inputs.items():
        # Two underscores: the engine's and the bridge's own notes.
        absent = not value or value == _DEFAULTS.get((view.type, key))
        if key not in known and not key.startswith("__") and not absent:
            yield Finding(
                f"the config accounts for no {key} of it", f"remove {key} from the resource"
            )


KNOWN_INPUTS = Rule(
    "known-inputs",
    "A resource is given no input that the config does not account for",
    "a role, an owner, an address or a target that nobody sees in this config would be none that "
    "anyone approved",
    resource=_known_inputs,
)

"""Rules about single resources: protection, push groups, secrets in plain text."""

from collections.abc import Iterator

from cfscim.config.credentials import looks_secret
from cfscim.config.json_types import Json
from cfscim.config.policy.model import SECRET, UNKNOWN, Case, Finding, ResourceView, Rule

GROUP_TYPES = frozenset(
    {
        "okta:group/group:Group",
        "azuread:index/group:Group",
        "cloudflare:index/userGroup:UserGroup",
    }
)
APP_TYPES = frozenset(
    {
        "okta:app/saml:Saml",
        "azuread:index/applicationFromTemplate:ApplicationFromTemplate",
    }
)
PUSH_TYPE = "okta:index/pushGroup:PushGroup"

# Where a token is handed over; the SDKs do not mark these values secret by themselves.
_HANDED_OVER = {
    "azuread:index/synchronizationSecret:SynchronizationSecret": "credentials",
    "okta:app/connection:Connection": "profile",
}
# A dynamic resource's own code, pickled: long random-looking text that holds no credential.
_NOT_LOOKED_AT = frozenset({"__provider"})


def _protected(_case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type in GROUP_TYPES | APP_TYPES and not view.protect:
        kind = "the group" if view.type in GROUP_TYPES else "the app"
        yield Finding(f"{kind} is not protected", "declare it with protect=True")


def _push(_case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type != PUSH_TYPE:
        return
    given = view.inputs.get("deleteTargetGroupOnDestroy")
    if given is not False and given != UNKNOWN:
        what = "is true" if given else "is absent, and the provider's default is true"
        yield Finding(
            f"deleteTargetGroupOnDestroy {what}", "write delete_target_group_on_destroy=False"
        )


def _plain(_case: Case, view: ResourceView) -> Iterator[Finding]:
    instead = "wrap it in pulumi.Output.secret, or give it by the provider's own secret config"
    for path in _credential_shapes(view.inputs, ""):
        yield Finding(f"{path} holds a credential in plain text", instead)
    field = _HANDED_OVER.get(view.type)
    if field is not None:
        for path in _unmarked(view.inputs.get(field), field):
            yield Finding(f"{path} is not marked secret", instead)


def _credential_shapes(value: object, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if looks_secret(value):
            yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NOT_LOOKED_AT:
                yield from _credential_shapes(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _credential_shapes(inner, f"{path}[{index}]")


def _unmarked(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict) and entry.get("key") == "SecretToken":
                yield from _plain_text(entry.get("value"), f"{path}[{index}].value")
    elif isinstance(value, dict):
        yield from _plain_text(value.get("token"), f"{path}.token")


def _plain_text(value: Json, path: str) -> Iterator[str]:
    # A shape of a credential is reported already, as such.
    if isinstance(value, str) and value not in (SECRET, UNKNOWN) and not looks_secret(value):
        yield path


PROTECTED = Rule(
    "groups-and-app-protected",
    "Role groups and the app are protected",
    "deleting one takes access from everyone in it, Super Administrators included, at once",
    resource=_protected,
)
PUSH_KEEPS_GROUPS = Rule(
    "push-keeps-groups",
    "No push group deletes its target",
    "ending the push would delete the group in Cloudflare, and with it everyone's role",
    resource=_push,
)
NO_PLAIN_SECRET = Rule(
    "no-plain-secret",
    "No secret stands in plain text",
    "plain inputs are kept readable in the state and shown in previews",
    resource=_plain,
)

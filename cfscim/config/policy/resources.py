"""Rules about single resources: the token, protection, push groups, secrets in plain text."""

import json
from collections.abc import Iterator
from datetime import timedelta

from cfscim.config import facts
from cfscim.config.credentials import MASK, looks_secret
from cfscim.config.entra_keys import Key
from cfscim.config.facts import USER_SCOPE, account_resource, token_trigger
from cfscim.config.json_types import Json, JsonObject, objects
from cfscim.config.kinds import (
    APPLICATIONS,
    ENTRA_CREDENTIALS,
    GROUPS,
    OKTA_CONNECTION,
    OKTA_PUSH,
    SERIALISED,
    TOKENS,
)
from cfscim.config.models import Move
from cfscim.config.policy.model import UNSEEN, Case, Finding, ResourceView, Rule, of_account
from cfscim.config.roles import PERMISSION_GROUP_IDS
from cfscim.config.stand_ins import PERMISSION_GROUP, UNKNOWN, looked_up
from cfscim.config.words import moment

LONGEST = timedelta(days=365)
_USER = f"{USER_SCOPE}."


def _tokens(view: ResourceView) -> bool:
    return view.type in TOKENS


def policies_of(view: ResourceView) -> list[JsonObject]:
    """The policies of a token or of a User Group; what has another shape is left out."""
    return objects(view.inputs.get("policies"))


def _one_account(case: Case, view: ResourceView) -> Iterator[Finding]:
    if not _tokens(view):
        return
    account = case.config.account.id
    yield from of_account("the token", view.inputs.get("accountId", account), account)
    policies = policies_of(view)
    if not policies:
        yield Finding(
            "the token has no policy that could be read",
            f'give it policies on "{account_resource(account)}" alone',
        )
    for policy in policies:
        yield from _resources(case, policy.get("resources"))


def _resources(case: Case, text: Json) -> Iterator[Finding]:
    if text == UNKNOWN:
        return
    own = account_resource(case.config.account.id)
    instead = f'write {{"{own}":"*"}}, which means this account and nothing else'
    try:
        covered = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        covered = None
    if not isinstance(covered, dict) or not covered:
        yield Finding("the resources of a token policy cannot be read", instead)
        return
    for key, scope in covered.items():
        users = key.startswith(_USER) and "*" not in key and case.config.token.owner == "user"
        if "*" in key or (key != own and not users):
            yield Finding(f'the token covers "{key}"', instead)
        elif scope != "*":
            yield Finding(f'the token covers parts of "{key}", not the account alone', instead)


def _permissions(case: Case, view: ResourceView) -> Iterator[Finding]:
    if not _tokens(view):
        return
    names = tuple(facts.TOKEN_PERMISSIONS[case.config.token.owner])
    allowed = {PERMISSION_GROUP_IDS[name] for name in names}
    allowed |= {looked_up(PERMISSION_GROUP, name) for name in names}
    for policy in policies_of(view):
        groups = policy.get("permissionGroups")
        for group in groups if isinstance(groups, list) else []:
            group_id = group.get("id") if isinstance(group, dict) else group
            if group_id not in allowed and group_id != UNKNOWN:
                yield Finding(
                    f"the token has the permission group {group_id}",
                    f"leave only {', '.join(names)}, which is what provisioning needs",
                )


def _expiry(case: Case, view: ResourceView) -> Iterator[Finding]:
    if not _tokens(view):
        return
    text = view.inputs.get("expiresOn")
    if text == UNKNOWN:
        return
    latest = case.today + LONGEST
    instead = f'write token.expiresOn: "{latest}T00:00:00Z" or earlier'
    ends = moment(text) if isinstance(text, str) else None
    if ends is None:
        yield Finding("the token has no expiry", instead)
    elif ends.date() > latest:
        yield Finding(f"the token ends on {ends.date()}, more than 365 days from today", instead)


def _rotation(case: Case, view: ResourceView) -> Iterator[Finding]:
    if not _tokens(view):
        return
    if view.protect:
        yield Finding(
            "the token is protected",
            "leave protect off, so that a changed token.rotation can replace it",
        )
    trigger, declared = view.replacement_trigger, token_trigger(case.config)
    if trigger is not UNSEEN and trigger not in (declared, UNKNOWN, MASK):
        yield Finding(
            "the token's replacement trigger is not token.rotation",
            f'set replacement_trigger to token.rotation, now "{declared}"',
        )


TOKEN_ONE_ACCOUNT = Rule(
    "token-one-account",
    "The token covers exactly one account",
    "a token of the identity provider that reaches further opens every account it covers when "
    "the identity provider is broken into",
    resource=_one_account,
)
TOKEN_PERMISSIONS = Rule(
    "token-permissions",
    "The token has only the permissions that provisioning needs",
    "whoever reads the token out of the identity provider could do all that it allows",
    resource=_permissions,
)
TOKEN_EXPIRY = Rule(
    "token-expiry",
    "The token ends within 365 days",
    "a token that leaked unnoticed works until it ends",
    resource=_expiry,
)
TOKEN_ROTATION = Rule(
    "token-rotation",
    "The token is replaced by a declared rotation and by nothing else",
    "a token that cannot be replaced is never rotated, and one replaced by accident stops "
    "provisioning",
    resource=_rotation,
)


# Where a token is handed over; the SDKs do not mark these values secret by themselves.
_HANDED_OVER = {
    ENTRA_CREDENTIALS: "credentials",
    OKTA_CONNECTION: "profile",
}


def _protected(case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type not in GROUPS | APPLICATIONS or view.protect:
        return
    kind = "the group" if view.type in GROUPS else "the app"
    removal = case.config.removal_of(view.name)
    if removal is None:
        yield Finding(f"{kind} is not protected", "declare it with protect=True")
    elif removal.until < case.today:
        entry = "move"
        if not isinstance(removal, Move):
            entry = f'the entry of "{removal.what}" in removals'
        yield Finding(
            f"{kind} is not protected, and its removal by {removal.by} ended on {removal.until}",
            f"take {entry} out once it is done, or have it renewed",
        )


def _push(_case: Case, view: ResourceView) -> Iterator[Finding]:
    if view.type != OKTA_PUSH:
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
            # Our own pickled code: long random-looking text that holds no credential.
            if key != SERIALISED:
                yield from _credential_shapes(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _credential_shapes(inner, f"{path}[{index}]")


def _unmarked(value: Json, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            if isinstance(entry, dict) and entry.get("key") == Key.TOKEN:
                yield from _plain_text(entry.get("value"), f"{path}[{index}].value")
    elif isinstance(value, dict):
        yield from _plain_text(value.get("token"), f"{path}.token")


def _plain_text(value: Json, path: str) -> Iterator[str]:
    # A shape of a credential is reported already, as such.
    if isinstance(value, str) and value not in (MASK, UNKNOWN) and not looks_secret(value):
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

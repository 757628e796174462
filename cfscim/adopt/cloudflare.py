"""Tokens and user groups that an interrupted run created in Cloudflare.

Source: `GET /accounts/{id}/tokens`, `/user/tokens`, `/accounts/{id}/iam/user_groups`.
"""

import json
from collections.abc import Iterable, Mapping

from cfscim.adopt.stack_state import Unfinished
from cfscim.config.json_types import Json
from cfscim.vendors.cloudflare.api import CloudflareClient

Settings = Mapping[str, str]


def token_left(one: Unfinished, held: frozenset[str], config: Settings, env: Settings) -> list[str]:
    """Ids of the tokens of this name and exactly these policies that were never used.

    Those that the stack holds do not count. Raises `AnswerError`.
    """
    account = one.text("accountId")
    with CloudflareClient.from_settings(config, env) as client:
        tokens = client.tokens(account, "account" if account else "user")
    wanted = sorted(
        (str(policy.get("effect")), _ids(policy, "permissionGroups"), _resources(policy))
        for policy in _objects(one.inputs.get("policies"))
    )
    return [
        token.id
        for token in tokens
        if token.name == one.text("name")
        and token.id not in held
        and token.last_used_on is None
        and one.made_about(token.issued_on)
        and wanted
        and wanted
        == sorted(
            (
                policy.effect,
                sorted(group.id for group in policy.permission_groups),
                json.dumps(policy.resources, sort_keys=True),
            )
            for policy in token.policies
        )
    ]


def user_group_left(
    one: Unfinished, _held: frozenset[str], config: Settings, env: Settings
) -> list[str]:
    """Import ids of the user groups of this name with exactly these policies.

    Raises `AnswerError`.
    """
    account = one.text("accountId")
    with CloudflareClient.from_settings(config, env) as client:
        groups = client.user_groups(account)
    wanted = sorted(
        (
            str(policy.get("access")),
            _ids(policy, "permissionGroups"),
            _ids(policy, "resourceGroups"),
        )
        for policy in _objects(one.inputs.get("policies"))
    )
    return [
        f"{account}/{group.id}"
        for group in groups
        if group.name == one.text("name")
        and wanted
        == sorted(
            (
                policy.access or "",
                sorted(permission.id for permission in policy.permission_groups or ()),
                sorted(resource.id for resource in policy.resource_groups or ()),
            )
            for policy in group.policies or ()
        )
    ]


def _objects(value: Json) -> Iterable[Mapping[str, Json]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _ids(policy: Mapping[str, Json], key: str) -> list[str]:
    return sorted(str(group.get("id")) for group in _objects(policy.get(key)))


def _resources(policy: Mapping[str, Json]) -> str:
    try:
        return json.dumps(json.loads(str(policy.get("resources"))), sort_keys=True)
    except ValueError:
        return ""

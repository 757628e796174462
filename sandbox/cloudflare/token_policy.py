"""Checks a token as Cloudflare does before it exists: policies, resources, dates, addresses.

Sources: API reference (create token), cloudflare-docs create-via-api.mdx for the resource keys.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_network

from sandbox.cloudflare.auth import parse_time
from sandbox.cloudflare.catalog import (
    ACCOUNT_SCOPE,
    TOKEN_GROUP_BY_ID,
    USER_SCOPE,
    ZONE_SCOPE,
    TokenGroup,
)
from sandbox.cloudflare.errors import ApiError
from sandbox.cloudflare.model import TokenPolicy
from sandbox.cloudflare.state import CloudflareState

_ID = r"[0-9a-f]{32}"
# Longest first: an account key is the beginning of a zone key.
_KEYS = (
    (re.compile(rf"{re.escape(ZONE_SCOPE)}\.({_ID}|\*)"), ZONE_SCOPE),
    (re.compile(rf"{re.escape(ACCOUNT_SCOPE)}\.({_ID}|\*)"), ACCOUNT_SCOPE),
    (re.compile(rf"{re.escape(USER_SCOPE)}\.({_ID})"), USER_SCOPE),
)


def parse_policies(
    state: CloudflareState, given: object, *, owner: str, owner_id: str
) -> list[TokenPolicy]:
    """Turn the request's policies into stored ones. Raises ApiError 400 with what is wrong."""
    if not isinstance(given, list) or not given:
        raise ApiError(400, "policies must be a list with at least one policy")
    return [_policy(state, one, owner, owner_id) for one in given]


def _policy(state: CloudflareState, given: object, owner: str, owner_id: str) -> TokenPolicy:
    if not isinstance(given, dict):
        raise ApiError(400, "a policy must be an object")
    effect = given.get("effect")
    if effect not in ("allow", "deny"):
        raise ApiError(400, f"policy effect must be allow or deny, not {effect!r}")
    groups = [_group(one, owner) for one in _listed(given.get("permission_groups"))]
    resources = given.get("resources")
    if not isinstance(resources, dict) or not resources:
        raise ApiError(400, "policy resources must be an object with at least one resource")
    scopes = {s for key, value in resources.items() for s in _scopes(key, value, owner, owner_id)}
    for group in groups:
        if group.scope not in scopes:
            raise ApiError(
                400,
                f"permission group {group.name!r} needs a resource of {group.scope}, "
                "and the policy has none",
            )
    return TokenPolicy(
        id=state.new_id("token-policy"),
        effect=effect,
        permission_groups=[group.id for group in groups],
        resources=resources,
    )


def _listed(given: object) -> list[object]:
    if not isinstance(given, list) or not given:
        raise ApiError(400, "policy permission_groups must be a list with at least one group")
    return given


def _group(given: object, owner: str) -> TokenGroup:
    identifier = given.get("id") if isinstance(given, Mapping) else None
    group = TOKEN_GROUP_BY_ID.get(str(identifier))
    if group is None:
        raise ApiError(400, f"unknown permission group id {identifier!r}")
    if owner == "account" and group.scope == USER_SCOPE:
        raise ApiError(
            400, f"permission group {group.name!r} is a user's: not for account-owned tokens"
        )
    return group


def _scopes(key: str, value: object, owner: str, owner_id: str) -> set[str]:
    """Which scopes one entry of ``resources`` reaches. Raises ApiError 400."""
    scope, name = _scope_of(key)
    if scope == USER_SCOPE and (owner != "user" or name != owner_id):
        raise ApiError(400, f"resource {key!r}: not the token's own user")
    if scope == ACCOUNT_SCOPE and owner == "account" and name not in (owner_id, "*"):
        raise ApiError(400, f"resource {key!r}: not the account that owns the token")
    if value == "*":
        return {scope}
    if scope == ACCOUNT_SCOPE and isinstance(value, dict) and value:
        inner = {_scope_of(one)[0] for one, all_of in value.items() if all_of == "*"}
        if inner == {ZONE_SCOPE}:
            return inner
    raise ApiError(400, f"resource {key!r}: the value must be '*' or an object of zones")


def _scope_of(key: str) -> tuple[str, str]:
    for pattern, scope in _KEYS:
        found = pattern.fullmatch(key)
        if found:
            return scope, found.group(1)
    raise ApiError(400, f"resource {key!r} is not an account, a zone or a user")


def parse_date(given: object, name: str) -> str | None:
    """An optional RFC 3339 time, kept as it was written. Raises ApiError 400."""
    if given is None:
        return None
    try:
        parse_time(str(given))
    except ValueError as error:
        raise ApiError(400, f"{name} must be an RFC 3339 time, not {given!r}") from error
    return str(given)


def parse_condition(given: object) -> dict[str, object] | None:
    """An optional IP condition. Raises ApiError 400."""
    if given is None:
        return None
    request_ip = given.get("request_ip") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(request_ip, dict | None):
        raise ApiError(400, "condition must be an object with request_ip")
    for name, ranges in (request_ip or {}).items():
        if name not in ("in", "not_in") or not isinstance(ranges, list | None):
            raise ApiError(400, f"condition.request_ip.{name}: only in and not_in, both lists")
        for one in ranges or []:
            try:
                ip_network(str(one), strict=False)
            except ValueError as error:
                raise ApiError(400, f"condition.request_ip.{name}: {one!r} is no CIDR") from error
    return given

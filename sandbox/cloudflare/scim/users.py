"""SCIM users: the members of the account.

* POST makes a member with the role Minimal Account Access; the name and the address are kept from
  then on: later changes by PUT or PATCH are answered 200 and change nothing (user groups page:
  "These values are only set during initial provisioning"). Another e-mail domain is refused.
* ``active: false`` ends the membership, and the user is gone from here; there is no DELETE.
* The only Super Administrator is not deprovisioned: answered 400, so that the identity provider
  shows it, and the membership stays.
Strength: D (user groups page, changelog 2026 for the e-mail domain); the texts I.
"""

from collections.abc import Mapping

from pydantic import ValidationError
from scim2_models import Meta
from werkzeug import Response

from sandbox.cloudflare.api.route import MEMBER_WRITE
from sandbox.cloudflare.catalog import MINIMAL_ACCESS
from sandbox.cloudflare.models import Account, CloudflareState, Member
from sandbox.cloudflare.scim.models import CORE_USER, ScimEmail, ScimName, ScimUser
from sandbox.cloudflare.scim.patch import as_boolean, read_operations
from sandbox.cloudflare.scim.route import (
    body_object,
    many,
    refuse,
    scim_route,
    single,
    the_last_one,
    wanted_value,
)
from sandbox.cloudflare.scim.system import system_id
from sandbox.server.router import Context

_KNOWN = ("userName", "name", "displayName", "emails", "active", "externalId")
_KNOWN_NAME = ("formatted", "familyName", "givenName")
_KNOWN_EMAIL = ("value", "type", "primary")


def describe(
    state: CloudflareState, account: Account, member: Member, *, active: bool = True
) -> ScimUser:
    """A member as a SCIM user."""
    user = state.users[member.user_id]
    formatted = " ".join(part for part in (user.first_name, user.last_name) if part) or None
    groups = [group.id for group in account.user_groups.values() if member.id in group.members]
    if account.virtual_groups:
        groups += [
            system_id(role) for role, g in account.system_groups.items() if member.id in g.members
        ]
    return ScimUser(
        id=user.id,
        external_id=member.external_id,
        user_name=user.email,
        name=ScimName(formatted=formatted, family_name=user.last_name, given_name=user.first_name)
        if formatted
        else None,
        display_name=member.display_name or formatted or user.email,
        emails=[ScimEmail(value=user.email, type="work", primary=True)],
        active=active,
        groups=groups or None,
        meta=Meta(resource_type="User"),
    )


@scim_route("GET", "/Users")
def list_users(ctx: Context, account: Account) -> Response:
    """All members, in the order in which they joined (I)."""
    state: CloudflareState = ctx.state
    wanted = wanted_value(ctx, "userName")
    chosen = [
        member
        for member in account.members.values()
        if wanted is None or state.users[member.user_id].email.lower() == wanted.lower()
    ]
    return many(ctx, ScimUser, [describe(state, account, member) for member in chosen])


@scim_route("POST", "/Users", *MEMBER_WRITE)
def create_user(ctx: Context, account: Account) -> Response:
    """Make somebody a member (D: API description; refusals' texts I)."""
    given = _read(body_object(ctx))
    if given.active is not True:
        raise refuse(400, "Invalid SCIM request: active must be true", "invalidValue")
    if not given.emails:
        raise refuse(400, "Invalid SCIM request: emails is required", "invalidValue")
    _check_address(given)
    state: CloudflareState = ctx.state
    user = state.user_by_email(given.user_name or "", create=True)
    assert user is not None
    if any(member.user_id == user.id for member in account.members.values()):
        raise refuse(409, f"{user.email} is already a member of the account", "uniqueness")
    if given.name and user.first_name is None and user.last_name is None:
        user.first_name, user.last_name = given.name.given_name, given.name.family_name
    member = state.add_member(account, user, roles=[MINIMAL_ACCESS])
    member.external_id, member.display_name = given.external_id, given.display_name
    return single(ctx, describe(state, account, member), 201)


@scim_route("GET", "/Users/<user_id>")
def get_user(ctx: Context, account: Account, user_id: str) -> Response:
    """One member (D: API description)."""
    return single(ctx, describe(ctx.state, account, find(account, user_id)))


@scim_route("PUT", "/Users/<user_id>", *MEMBER_WRITE)
def put_user(ctx: Context, account: Account, user_id: str) -> Response:
    """Of a replacement only ``externalId`` and ``active: false`` have an effect.

    Source: D: API description.
    """
    member = find(account, user_id)
    given = _read(body_object(ctx))
    if given.emails:
        _check_address(given)
    _refuse_other_domain(ctx, member, given.user_name)
    member.external_id = given.external_id
    return _activity(ctx, account, member, active=given.active is not False)


@scim_route("PATCH", "/Users/<user_id>", *MEMBER_WRITE)
def patch_user(ctx: Context, account: Account, user_id: str) -> Response:
    """Of all operations only ``replace active`` has an effect; add and remove have none.

    Source: D: API description.
    """
    member = find(account, user_id)
    active = True
    for operation in read_operations(ctx):
        if operation.op != "replace":
            continue
        for path, value in operation.assignments().items():
            plain = path.removeprefix(f"{CORE_USER}:").lower()
            if plain == "active":
                active = as_boolean(value)
            elif plain == "username" or plain.startswith("emails["):
                _refuse_other_domain(ctx, member, value)
    return _activity(ctx, account, member, active=active)


def find(account: Account, user_id: str) -> Member:
    """The member with this user tag, or ApiError 404."""
    for member in account.members.values():
        if member.user_id == user_id:
            return member
    raise refuse(404, f"Resource {user_id} not found")


def _refuse_other_domain(ctx: Context, member: Member, given: object) -> None:
    """D: an address may change in front of the @ only."""
    now = ctx.state.users[member.user_id].email.rpartition("@")[2].lower()
    local, at, domain = str(given or "").rpartition("@")
    if local and at and domain.lower() != now:
        raise refuse(400, "Invalid SCIM request: the e-mail domain cannot change", "mutability")


def _activity(ctx: Context, account: Account, member: Member, *, active: bool) -> Response:
    shown = describe(ctx.state, account, member, active=active)
    if not active:
        if ctx.state.super_administrators(account) == [member]:
            raise the_last_one()
        ctx.state.remove_member(account, member)
    return single(ctx, shown)


def _read(body: Mapping[str, object]) -> ScimUser:
    """The attributes that Cloudflare keeps; others are ignored. Raises ApiError 400."""
    schemas = body.get("schemas")
    if not isinstance(schemas, list) or CORE_USER not in schemas:
        raise refuse(
            400, f"Invalid SCIM request: schemas must contain {CORE_USER}", "invalidSyntax"
        )
    kept = _pick(body, _KNOWN)
    name, emails = kept.get("name"), kept.get("emails")
    if isinstance(name, dict):
        kept["name"] = _pick(name, _KNOWN_NAME)
    if isinstance(emails, list):
        kept["emails"] = [_pick(e, _KNOWN_EMAIL) if isinstance(e, dict) else e for e in emails]
    try:
        user = ScimUser.model_validate(kept)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise refuse(
            400, f"Invalid SCIM request: {where}: {first['msg']}", "invalidValue"
        ) from None
    if not user.user_name:
        raise refuse(400, "Invalid SCIM request: userName is required", "invalidValue")
    return user


def _pick(given: Mapping[str, object], known: tuple[str, ...]) -> dict[str, object]:
    # Attribute names are case-insensitive (RFC 7643 2.1).
    names = {name.lower(): name for name in known}
    return {names[k.lower()]: value for k, value in given.items() if k.lower() in names}


def _check_address(given: ScimUser) -> None:
    local, at, domain = (given.user_name or "").partition("@")
    if not local or not at or "." not in domain:
        raise refuse(
            400, "Invalid SCIM request: userName must be an e-mail address", "invalidValue"
        )
    emails = given.emails or []
    primary = [email for email in emails if email.primary] or emails[:1]
    if primary[0].value != given.user_name:  # case-sensitive (Entra page)
        raise refuse(
            400, "Invalid SCIM request: the primary email must match userName", "invalidValue"
        )

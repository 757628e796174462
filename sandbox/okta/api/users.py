"""People: find, list, create, change, and the steps of their life.

Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tags/user.
"""

from werkzeug import Response

from sandbox.okta.api import log
from sandbox.okta.api.route import (
    body_object,
    empty_object,
    endpoint,
    member,
    no_content,
    page,
    query_flag,
)
from sandbox.okta.api.search import expression
from sandbox.okta.api.views import group_view, user_view
from sandbox.okta.errors import OktaError, forbidden, invalid, not_found
from sandbox.okta.models import ORGANISATION, OktaState, User, UserStatus, now
from sandbox.okta.provisioning.assignment import refresh
from sandbox.okta.signin import by_api_token
from sandbox.server.ids import okta_id
from sandbox.server.router import Context, json_reply

_READ, _MANAGE = "okta.users.read", "okta.users.manage"
_FILTERED = (
    "id",
    "status",
    "lastUpdated",
    "profile.login",
    "profile.email",
    "profile.firstName",
    "profile.lastName",
)
BASE_ATTRIBUTES = (
    *("login", "email", "secondEmail", "firstName", "lastName", "middleName", "honorificPrefix"),
    *("honorificSuffix", "title", "displayName", "nickName", "profileUrl", "mobilePhone"),
    *("primaryPhone", "streetAddress", "city", "state", "zipCode", "countryCode", "postalAddress"),
    *("preferredLanguage", "locale", "timezone", "userType", "employeeNumber", "costCenter"),
    *("organization", "division", "department", "managerId", "manager"),
)
"""The attributes that every organisation's profile has."""
_NAMED = {"login": "login", "email": "email", "firstName": "first_name", "lastName": "last_name"}
_BEFORE_DEACTIVATION: tuple[UserStatus, ...] = (
    "ACTIVE",
    "STAGED",
    "PROVISIONED",
    "RECOVERY",
    "LOCKED_OUT",
    "PASSWORD_EXPIRED",
    "SUSPENDED",
)
_NEXT: dict[str, tuple[UserStatus, tuple[UserStatus, ...]]] = {
    "activate": ("ACTIVE", ("STAGED", "DEPROVISIONED")),  # PROVISIONED without a password
    "reactivate": ("PROVISIONED", ("PROVISIONED", "RECOVERY")),
    "deactivate": ("DEPROVISIONED", _BEFORE_DEACTIVATION),
    "suspend": ("SUSPENDED", ("ACTIVE",)),
    "unsuspend": ("ACTIVE", ("SUSPENDED",)),
    "unlock": ("ACTIVE", ("LOCKED_OUT",)),
}
_TELLS = {"activate": True, "reactivate": False}
"""The steps that answer with a link where no mail is sent, and whether one is unasked (D)."""
_PASSWORD_STEPS: dict[str, UserStatus | None] = {
    "reset_password": "RECOVERY",
    "expire_password": "PASSWORD_EXPIRED",
    "expire_password_with_temp_password": "PASSWORD_EXPIRED",
    "reset_factors": None,
}


def find(ctx: Context, key: str) -> User:
    """By id, login, short login, or ``me`` (the API token's owner). Raises OktaError 404."""
    state: OktaState = ctx.state
    if key == "me":
        if by_api_token(ctx):
            return state.owner
        raise not_found("me", "User")
    user = state.find_user(key)
    if user is None:
        raise not_found(key, "User")
    return user


def record(user: User) -> dict[str, object]:
    """A user's attributes by path, for search expressions."""
    profile = {f"profile.{name}": value for name, value in user.profile.items()}
    return {
        "id": user.id,
        "status": user.status,
        "created": user.created,
        "lastUpdated": user.last_updated,
        "statusChanged": user.status_changed,
        **profile,
    }


@endpoint("GET", "/api/v1/users", _READ)
def list_users(ctx: Context) -> Response:
    """All but the deactivated; with ``search`` or ``filter`` those too; ``q`` by name or e-mail.

    Source: R.
    """
    args, state = ctx.request.args, ctx.state
    users = list(state.users.values())
    default = 200
    if args.get("search"):
        test = expression(args["search"])
        users = [user for user in state.searched_users.shown(state.users) if test(record(user))]
    elif args.get("filter"):
        test = expression(args["filter"], _FILTERED)
        users = [user for user in users if test(record(user))]
    else:
        users = [user for user in users if user.assignable]
        if args.get("q"):
            start, default = args["q"].casefold(), 10
            users = [
                user
                for user in users
                if any(
                    name.casefold().startswith(start)
                    for name in (user.first_name, user.last_name, user.email)
                )
            ]
    return page(ctx, users, lambda user: user.id, listed_user, default=default, most=200)


def listed_user(user: User) -> dict[str, object]:
    """A person as an element of a list."""
    return user_view(user, listed=True)


@endpoint("POST", "/api/v1/users", _MANAGE)
def create_user(ctx: Context) -> Response:
    """Add a person; ``activate=false`` leaves the account staged (R)."""
    profile = _whole_profile(ctx)
    _check_login(ctx.state, str(profile["login"]))
    user = ctx.state.add_user(*(str(profile[name]) for name in _NAMED))
    ctx.state.made_user(user)
    user.password = False
    user.extra = {k: v for k, v in profile.items() if k not in _NAMED and v is not None}
    _take_credentials(user, body_object(ctx))
    if not query_flag(ctx, "activate", default=True):
        user.status = "STAGED"
    elif not user.password:
        user.status = "PROVISIONED"  # R 119 of 119: until the person has chosen a password
    log.write(ctx.state, "user.lifecycle.create", "Create okta user", user)
    return json_reply(user_view(user))


@endpoint("GET", "/api/v1/users/<key>", _READ)
def get_user(ctx: Context, key: str) -> Response:
    """One person (R)."""
    return json_reply(user_view(find(ctx, key)))


@endpoint("POST", "/api/v1/users/<key>", _MANAGE)
def update_user(ctx: Context, key: str) -> Response:
    """Change the given attributes only (R)."""
    user = find(ctx, key)
    ctx.state.note_user(user.id)
    _take_credentials(user, body_object(ctx))
    profile = member(body_object(ctx), "profile")
    _check_profile(ctx.state, profile)
    login = profile.get("login")
    if login is not None and str(login).casefold() != user.login.casefold():
        _check_login(ctx.state, str(login))
    for name, value in profile.items():
        if name in _NAMED:
            if not value:
                raise invalid(name, f"{name}: The field cannot be left blank")
            setattr(user, _NAMED[name], str(value))
        elif value is None:
            user.extra.pop(name, None)
        else:
            user.extra[name] = value
    user.last_updated = now()
    log.write(ctx.state, "user.account.update_profile", "Update user profile for Okta", user)
    return json_reply(user_view(user))


@endpoint("PUT", "/api/v1/users/<key>", _MANAGE)
def replace_user(ctx: Context, key: str) -> Response:
    """Replace the profile: an optional attribute left out is gone (R)."""
    user = find(ctx, key)
    if member(body_object(ctx), "profile"):  # R: credentials alone leave the profile
        _whole_profile(ctx)
        ctx.state.note_user(user.id)
        user.extra = {}
    return update_user(ctx, key)


@endpoint("DELETE", "/api/v1/users/<key>", _MANAGE)
def delete_user(ctx: Context, key: str) -> Response:
    """The first call deactivates, the second deletes for good (R)."""
    user, state = find(ctx, key), ctx.state
    if user.assignable:
        _move(state, user, "deactivate")
        return no_content()
    for group in state.groups.values():
        if user.id in group.members:
            group.members.remove(user.id)
    state.note_user(user.id)
    del state.users[user.id]
    refresh(state)
    return no_content()


@endpoint("POST", "/api/v1/users/<key>/lifecycle/<step>", _MANAGE)
def lifecycle(ctx: Context, key: str, step: str) -> Response:
    """activate, reactivate, deactivate, suspend, unsuspend, unlock, and new passwords (R)."""
    user = find(ctx, key)
    if step in _PASSWORD_STEPS:
        return _password_step(ctx, user, step)
    if step == "unlock" and user.status != "LOCKED_OUT":  # R
        summary = "Unlock is not allowed for this user."
        raise OktaError(403, "E0000032", summary, "The user is not locked out.")
    if step not in _NEXT:
        raise not_found(step, "Lifecycle")
    _move(ctx.state, user, step)
    if step in _TELLS and not query_flag(ctx, "sendEmail", default=_TELLS[step]):
        token = okta_id("", f"activation/{user.id}")
        return json_reply(
            {"activationUrl": f"{ORGANISATION}/welcome/{token}", "activationToken": token}
        )
    return empty_object()


def _password_step(ctx: Context, user: User, step: str) -> Response:
    """A password is reset or has expired (R); the person stays in every app and group."""
    status = _PASSWORD_STEPS[step]
    if user.status in ("STAGED", "SUSPENDED", "DEPROVISIONED"):
        raise _not_allowed()
    if status is not None:
        ctx.state.note_user(user.id)
        user.status, user.status_changed = status, now()
        refresh(ctx.state)
    log.write(ctx.state, f"user.account.{step}", "Change of password", user)
    text = okta_id("", f"{step}/{user.id}")
    if step == "reset_password" and not query_flag(ctx, "sendEmail", default=True):
        return json_reply({"resetPasswordUrl": f"{ORGANISATION}/reset_password/{text}"})
    if step == "expire_password_with_temp_password":
        return json_reply({"tempPassword": text[:12]})
    if step != "expire_password":
        return empty_object()
    if query_flag(ctx, "tempPassword", default=False):  # R: okta-sdk-python
        return json_reply({"tempPassword": text[:12]})
    return json_reply(user_view(user))


@endpoint("GET", "/api/v1/users/<key>/groups", _READ)
def list_groups(ctx: Context, key: str) -> Response:
    """The groups of which the person is a member (R)."""
    user = find(ctx, key)
    groups = [g for g in ctx.state.groups.values() if user.id in g.members]
    return page(ctx, groups, lambda g: g.id, group_view, default=1000, most=1000)


def _move(state: OktaState, user: User, step: str) -> None:
    status, allowed = _NEXT[step]
    if user.status not in allowed:
        raise _not_allowed()
    if user.administrator and status != "ACTIVE":
        raise forbidden("the API token's owner cannot be deactivated with it")
    if step == "activate" and not user.password:
        status = "PROVISIONED"
    state.note_user(user.id)
    user.status, user.status_changed = status, now()
    _note_step(state, user, step)


def suspend(state: OktaState, user_id: str, *, suspended: bool) -> None:
    """What an administrator does in the console: suspend a person, or end the suspension."""
    user = state.users[user_id]
    if suspended != (user.status == "SUSPENDED"):
        user.status = "SUSPENDED" if suspended else "ACTIVE"
        user.status_changed = now()
        _note_step(state, user, "suspend" if suspended else "unsuspend")


def _note_step(state: OktaState, user: User, step: str) -> None:
    refresh(state)
    message = f"{step.capitalize()} Okta user"
    log.write(state, f"user.lifecycle.{step}", message, user)


def _not_allowed() -> OktaError:
    summary = "This operation is not allowed in the user's current status."
    return OktaError(403, "E0000038", summary)


def _take_credentials(user: User, body: dict[str, object]) -> None:
    credentials = member(body, "credentials")
    if member(credentials, "password"):
        user.password = True
    question = member(credentials, "recovery_question").get("question")
    if question:
        user.recovery_question = str(question)


def _whole_profile(ctx: Context) -> dict[str, object]:
    profile = member(body_object(ctx), "profile")
    _check_profile(ctx.state, profile)
    missing = [name for name in _NAMED if not profile.get(name)]
    if missing:
        raise invalid(missing[0], f"{missing[0]}: The field cannot be left blank")
    return profile


def _check_profile(state: OktaState, profile: dict[str, object]) -> None:
    for name, value in profile.items():
        if state.attributes is not None and name not in (*BASE_ATTRIBUTES, *state.attributes):
            raise invalid("newUser", f"Property name '{name}' is not defined in profile")
        if not isinstance(value, (str, int, float, bool, list, type(None))):
            raise invalid(name, f"{name}: the value has the wrong type")


def _check_login(state: OktaState, login: str) -> None:
    if any(user.login.casefold() == login.casefold() for user in state.users.values()):
        raise invalid(
            "login",
            "login: An object with this field already exists in the current organization",
        )

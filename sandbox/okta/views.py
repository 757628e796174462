"""People and groups as Okta's API shows them."""

from sandbox.okta.model import Group, User
from sandbox.okta.state import ORGANISATION

_LOGOS = "https://ok14static.oktacdn.com/assets/img/logos/groups/odyssey/"
_OBJECT_CLASS = {
    "OKTA_GROUP": "okta:user_group",
    "BUILT_IN": "okta:user_group",
    "APP_GROUP": "okta:windows_security_principal",
}


def user_view(user: User) -> dict[str, object]:
    """A user object."""
    href = f"{ORGANISATION}/api/v1/users/{user.id}"
    return {
        "id": user.id,
        "status": user.status,
        "created": user.created,
        "activated": None if user.status == "STAGED" else user.created,
        "statusChanged": user.status_changed,
        "lastLogin": None,
        "lastUpdated": user.last_updated,
        "passwordChanged": None,
        "type": {"id": "oty1sandboxDefault00"},
        "profile": user.profile,
        "credentials": {"provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": href}},
    }


def group_view(group: Group) -> dict[str, object]:
    """A group object."""
    href = f"{ORGANISATION}/api/v1/groups/{group.id}"
    profile: dict[str, object] = {"name": group.name}
    if group.description is not None:
        profile["description"] = group.description
    links: dict[str, object] = {
        "logo": [
            {"name": size, "href": f"{_LOGOS}okta-{size}.png", "type": "image/png"}
            for size in ("medium", "large")
        ],
        "users": {"href": f"{href}/users"},
        "apps": {"href": f"{href}/apps"},
    }
    if group.app_id is not None:
        links["source"] = {"href": f"{ORGANISATION}/api/v1/apps/{group.app_id}"}
    return {
        "id": group.id,
        "created": group.created,
        "lastUpdated": group.last_updated,
        "lastMembershipUpdated": group.last_membership_updated,
        "objectClass": [_OBJECT_CLASS[group.type]],
        "type": group.type,
        "profile": profile,
        "_links": links,
    }

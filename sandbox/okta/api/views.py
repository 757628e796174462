"""People, groups, apps, assignments and push mappings as Okta's API shows them."""

from sandbox.okta.catalog import CATALOG
from sandbox.okta.models import (
    ORGANISATION,
    App,
    AppUser,
    Group,
    GroupAssignment,
    Mapping,
    User,
    whole_seconds,
)

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


_STATIC = "https://ok14static.oktacdn.com"
_ORGANISATION_ID = "00osandbox0000000000"
PROFILE_POLICY_ID = "rstSandboxProfile000"


def app_view(app: App) -> dict[str, object]:
    """An app object, shaped as a SAML_2_0 app of the catalogue."""
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    accessibility = {
        "selfService": app.self_service,
        "errorRedirectUrl": app.error_redirect_url,
        "loginRedirectUrl": app.login_redirect_url,
    }
    notes = {"admin": app.note_admin, "enduser": app.note_enduser}
    return {
        "id": app.id,
        "orn": f"orn:okta:idp:{_ORGANISATION_ID}:apps:{app.name}:{app.id}",
        "name": app.name,
        "label": app.label,
        "status": app.status,
        "lastUpdated": app.last_updated,
        "created": app.created,
        "accessibility": {key: value for key, value in accessibility.items() if value is not None},
        "visibility": {
            "autoLaunch": app.auto_launch,
            "autoSubmitToolbar": app.auto_submit_toolbar,
            "hide": {"iOS": app.hide_ios, "web": app.hide_web},
            "appLinks": app.app_links,
        },
        "features": app.features,
        "signOnMode": "SAML_2_0",
        "credentials": {
            "userNameTemplate": app.user_name_template,
            "signing": {"kid": app.key_id},
        },
        "settings": {
            "app": app.settings,
            "notifications": {"vpn": {"network": {"connection": "DISABLED"}}},
            "manualProvisioning": False,
            "implicitAssignment": app.implicit_assignment,
            "emOptInStatus": "NONE",
            "notes": {key: value for key, value in notes.items() if value is not None},
            "signOn": app.sign_on,
        },
        "_links": _links(app, href),
    }


def _links(app: App, href: str) -> dict[str, object]:
    link = CATALOG[app.name].link
    step = "deactivate" if app.status == "ACTIVE" else "activate"
    logo = app.logo_id or "assets/img/logos/default"
    return {
        "help": {
            "href": f"{ORGANISATION.replace('.', '-admin.', 1)}/app/{app.name}/{app.id}"
            "/setup/help/SAML_2_0/instructions",
            "type": "text/html",
        },
        "metadata": {"href": f"{href}/sso/saml/metadata", "type": "application/xml"},
        "uploadLogo": {"href": f"{href}/logo", "hints": {"allow": ["POST"]}},
        "appLinks": [
            {
                "name": link,
                "href": f"{ORGANISATION}/home/{app.name}/{app.id}/aln{app.id[3:]}",
                "type": "text/html",
            }
        ],
        "profileEnrollment": {"href": f"{ORGANISATION}/api/v1/policies/{PROFILE_POLICY_ID}"},
        "policies": {"href": f"{href}/policies", "hints": {"allow": ["PUT"]}},
        "groups": {"href": f"{href}/groups"},
        "logo": [{"name": "medium", "href": f"{_STATIC}/{logo}.png", "type": "image/png"}],
        "accessPolicy": {"href": f"{ORGANISATION}/api/v1/policies/{app.access_policy_id}"},
        "users": {"href": f"{href}/users"},
        step: {"href": f"{href}/lifecycle/{step}"},
    }


def app_user_view(app: App, user: AppUser) -> dict[str, object]:
    """An app user object: STAGED until pushed, then PROVISIONED."""
    pushing = "PUSH_NEW_USERS" in app.features
    if user.external_id is not None:
        status, sync = "PROVISIONED", "SYNCHRONIZED"
    elif pushing:
        status, sync = "STAGED", "OUT_OF_SYNC"
    else:
        status, sync = "ACTIVE", "DISABLED"
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    view: dict[str, object] = {
        "id": user.user_id,
        "created": user.created,
        "lastUpdated": user.last_updated,
        "scope": user.scope,
        "status": status,
        "statusChanged": user.status_changed,
        "passwordChanged": None,
        "syncState": "ERROR" if user.error else sync,
        "credentials": {"userName": user.user_name},
        "profile": user.profile,
        "_links": {
            "app": {"href": href},
            "user": {"href": f"{ORGANISATION}/api/v1/users/{user.user_id}"},
        },
    }
    if user.external_id is not None:
        view["externalId"] = user.external_id
    if user.last_sync is not None:
        view["lastSync"] = user.last_sync
    return view


def assignment_view(app: App, assignment: GroupAssignment) -> dict[str, object]:
    """A group assignment object."""
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    return {
        "id": assignment.group_id,
        "lastUpdated": assignment.last_updated,
        "priority": assignment.priority,
        "profile": assignment.profile,
        "_links": {
            "app": {"href": href},
            "self": {"href": f"{href}/groups/{assignment.group_id}"},
            "group": {"href": f"{ORGANISATION}/api/v1/groups/{assignment.group_id}"},
        },
    }


def mapping_view(app: App, mapping: Mapping) -> dict[str, object]:
    """A group push mapping object."""
    groups = f"{ORGANISATION}/api/v1/groups"
    view: dict[str, object] = {
        "created": whole_seconds(mapping.created),
        "id": mapping.id,
        "lastUpdated": whole_seconds(mapping.last_updated),
        "sourceGroupId": mapping.source_group_id,
        "status": mapping.status,
        "targetGroupId": mapping.target_group_id,
        "_links": {
            "app": {"href": f"{ORGANISATION}/api/v1/apps/{app.id}"},
            "sourceGroup": {"href": f"{groups}/{mapping.source_group_id}"},
            "targetGroup": {"href": f"{groups}/{mapping.target_group_id}"},
        },
    }
    if mapping.error is not None:
        view["errorSummary"] = mapping.error
    if mapping.last_push is not None:
        view["lastPush"] = whole_seconds(mapping.last_push)
    return view

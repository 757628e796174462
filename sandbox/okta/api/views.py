"""People, groups, apps, assignments and push mappings as Okta's API shows them."""

import re
from collections.abc import Mapping as Map

from sandbox.okta.catalog import SCIM_GROUP_PROFILE, SCIM_TEST_APPS, SCIM_USER_PROFILE
from sandbox.okta.models import (
    ORGANISATION,
    App,
    AppUser,
    Group,
    GroupAssignment,
    Mapping,
    OktaState,
    User,
    whole_seconds,
)

_LOGOS = "https://ok14static.oktacdn.com/assets/img/logos/groups/odyssey/"
_USER_TYPE = "oty1sandboxDefault00"
_OBJECT_CLASS = {
    "OKTA_GROUP": "okta:user_group",
    "BUILT_IN": "okta:user_group",
    "APP_GROUP": "okta:windows_security_principal",
}


_WITH_PASSWORD = (
    *("suspend", "resetPassword", "resetFactors", "expirePassword", "forgotPassword"),
    *("changeRecoveryQuestion", "changePassword", "deactivate"),
)
# Which steps a person's status offers, as the links of its object name them (R).
_STEPS: dict[str, tuple[str, ...]] = {
    "ACTIVE": _WITH_PASSWORD,
    "PASSWORD_EXPIRED": _WITH_PASSWORD,
    "LOCKED_OUT": ("unlock", "resetPassword", "resetFactors", "deactivate"),
    "RECOVERY": ("suspend", "resetPassword", "resetFactors", "deactivate"),
    "PROVISIONED": ("suspend", "resetPassword", "resetFactors", "reactivate", "deactivate"),
    "STAGED": ("activate", "resetFactors"),
    "SUSPENDED": ("unsuspend", "resetFactors", "deactivate"),
    "DEPROVISIONED": ("activate", "delete", "resetFactors"),
}


def user_view(user: User, *, listed: bool = False) -> dict[str, object]:
    """A user object; ``listed``: as an element of a list, whose only link is its own (R)."""
    href = f"{ORGANISATION}/api/v1/users/{user.id}"
    provider = {"type": "OKTA", "name": "OKTA"}
    credentials: dict[str, object] = {"provider": provider}
    if user.password:
        credentials = {"password": {}, **credentials}
    if user.recovery_question is not None:
        credentials["recovery_question"] = {"question": user.recovery_question}
    links: dict[str, object] = {"self": {"href": href}}
    if not listed:
        for step in _STEPS[user.status]:
            path = re.sub("([A-Z])", lambda value: f"_{value[1].lower()}", step)
            links[step] = {"href": f"{href}/lifecycle/{path}", "method": "POST"}
        meta = f"{ORGANISATION}/api/v1/meta"
        links["schema"] = {"href": f"{meta}/schemas/user/osc1sandboxDefault00"}
        links["type"] = {"href": f"{meta}/types/user/{_USER_TYPE}"}
    return {
        "id": user.id,
        "status": user.status,
        "created": user.created,
        "activated": None if user.status == "STAGED" else user.created,
        "statusChanged": user.status_changed,
        "lastLogin": None,
        "lastUpdated": user.last_updated,
        "passwordChanged": user.created if user.password else None,
        "realmId": "guo1sandboxDefault00",
        "type": {"id": _USER_TYPE},
        "profile": user.profile,
        "credentials": credentials,
        "_links": links,
    }


def group_view(group: Group) -> dict[str, object]:
    """A group object."""
    href = f"{ORGANISATION}/api/v1/groups/{group.id}"
    profile = {"name": group.name, "description": group.description, **group.extra}
    links: dict[str, object] = {
        "logo": [
            {"name": size, "href": f"{_LOGOS}okta-{size}.png", "type": "image/png"}
            for size in ("medium", "large")
        ],
        "owners": {"href": f"{href}/owners"},
        "users": {"href": f"{href}/users"},
        "apps": {"href": f"{href}/apps"},
    }
    source: dict[str, object] = {}
    if group.app_id is not None:
        links["source"] = {"href": f"{ORGANISATION}/api/v1/apps/{group.app_id}"}
        source = {"source": {"id": group.app_id}}  # R: JupiterOne/graph-okta
    return {
        **source,
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
_SIGNING = ("SAML_2_0", "SAML_1_1", "OPENID_CONNECT")
_UNIVERSAL_LOGOUT = {
    "status": "DISABLED",
    "supportType": "FULL",
    "identityStack": "NOT_SHARED",
    "protocol": "GLOBAL_TOKEN_REVOCATION",
}
_ORGANISATION_ID = "00osandbox0000000000"
PROFILE_POLICY_ID = "rstSandboxProfile000"


def app_view(app: App) -> dict[str, object]:
    """An app object: every key is there, with null where nothing is set (R)."""
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    signing = {"kid": app.key_id} if app.mode in _SIGNING else {}
    credentials: dict[str, object] = {
        "userNameTemplate": app.user_name_template,
        "signing": signing,
    }
    settings: dict[str, object] = {
        "app": app.settings,
        "notifications": {
            "vpn": {"network": {"connection": "DISABLED"}, "message": None, "helpUrl": None}
        },
        "manualProvisioning": False,
        "implicitAssignment": app.implicit_assignment,
        "emOptInStatus": "NONE",
        "notes": {"admin": app.note_admin, "enduser": app.note_enduser},
    }
    if app.form is None:
        settings["signOn"] = app.sign_on
    else:
        credentials |= app.form.credentials
        settings |= app.form.settings
    return {
        "id": app.id,
        "orn": f"orn:okta:idp:{_ORGANISATION_ID}:apps:{app.name}:{app.id}",
        "name": app.name,
        "label": app.label,
        "status": app.status,
        "lastUpdated": app.last_updated,
        "created": app.created,
        "accessibility": {
            "selfService": app.self_service,
            "errorRedirectUrl": app.error_redirect_url,
            "loginRedirectUrl": app.login_redirect_url,
        },
        "visibility": {
            "autoLaunch": app.auto_launch,
            "autoSubmitToolbar": app.auto_submit_toolbar,
            "hide": {"iOS": app.hide_ios, "web": app.hide_web},
            "appLinks": app.app_links,
        },
        "features": app.features,
        "signOnMode": app.mode,
        "credentials": credentials,
        "universalLogout": _UNIVERSAL_LOGOUT if app.mode in _SIGNING else None,
        "settings": settings,
        "_links": _links(app, href),
    }


def _links(app: App, href: str) -> dict[str, object]:
    step = "deactivate" if app.status == "ACTIVE" else "activate"
    logo = app.logo_id or "assets/img/logos/default"
    admin = ORGANISATION.replace(".", "-admin.", 1)
    links: dict[str, object] = {
        "uploadLogo": {"href": f"{href}/logo", "hints": {"allow": ["POST"]}},
        "appLinks": [
            {
                "name": link,
                "href": f"{ORGANISATION}/home/{app.name}/{app.id}/aln{app.id[3:]}",
                "type": "text/html",
            }
            for link in app.app_links
        ],
        "profileEnrollment": {"href": f"{ORGANISATION}/api/v1/policies/{PROFILE_POLICY_ID}"},
        "policies": {"href": f"{href}/policies", "hints": {"allow": ["PUT"]}},
        "groups": {"href": f"{href}/groups"},
        "logo": [{"name": "medium", "href": f"{_STATIC}/{logo}.png", "type": "image/png"}],
        "accessPolicy": {"href": f"{ORGANISATION}/api/v1/policies/{app.access_policy_id}"},
        "users": {"href": f"{href}/users"},
        step: {"href": f"{href}/lifecycle/{step}"},
    }
    if app.mode in _SIGNING and app.name != "oidc_client":
        help_page = f"{admin}/app/{app.name}/{app.id}/setup/help/{app.mode}"
        links["help"] = {"href": f"{help_page}/instructions", "type": "text/html"}
    if app.mode == "SAML_2_0":
        links["metadata"] = {"href": f"{href}/sso/saml/metadata", "type": "application/xml"}
    if app.mode == "OPENID_CONNECT" and app.name == "oidc_client":
        secrets = f"{href}/credentials/secrets"
        links["clientCredentials"] = [{"name": "secrets", "href": secrets}]
    return links


def app_user_view(
    state: OktaState, app: App, user: AppUser, *, whole: bool = False
) -> dict[str, object]:
    """An app user object: STAGED until pushed, then PROVISIONED; ``whole``: with the person."""
    pushing = "PUSH_NEW_USERS" in app.features
    if pushing and user.missed:
        status, sync = "ACTIVE", "ERROR"  # R: the assignment shows an error
    elif user.external_id is not None:
        status, sync = "PROVISIONED", "SYNCHRONIZED"
    elif pushing:
        status, sync = "STAGED", "OUT_OF_SYNC"
    else:
        status, sync = "ACTIVE", "DISABLED"
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    view: dict[str, object] = {
        "id": user.user_id,
        "externalId": user.external_id,
        "created": user.created,
        "lastUpdated": user.last_updated,
        "scope": user.scope,
        "status": status,
        "statusChanged": user.status_changed,
        "passwordChanged": None,
        "syncState": "ERROR" if user.error else sync,
        "credentials": {"userName": user.user_name},
        "profile": {**_scim_person(app, state.users.get(user.user_id)), **user.profile},
        "_links": {
            "app": {"href": href},
            "user": {"href": f"{ORGANISATION}/api/v1/users/{user.user_id}"},
            **_by_group(state, app, user),
        },
    }
    if user.last_sync is not None:
        view["lastSync"] = user.last_sync
    if whole and user.user_id in state.users:
        view["_embedded"] = {"user": user_view(state.users[user.user_id])}
    return view


def _by_group(state: OktaState, app: App, user: AppUser) -> dict[str, object]:
    """R (terraform-provider-okta 2023): who is assigned by a group has a link to it."""
    if user.scope != "GROUP":
        return {}
    for assignment in sorted(app.groups, key=lambda each: each.priority):
        group = state.groups[assignment.group_id]
        if user.user_id in group.members:
            href = f"{ORGANISATION}/api/v1/groups/{group.id}"
            return {"group": {"name": group.name, "href": href}}
    return {}


def _scim_person(app: App, user: User | None) -> Map[str, object]:
    if app.name not in SCIM_TEST_APPS or user is None:
        return {}
    return {
        **SCIM_USER_PROFILE,
        "displayName": f"{user.first_name} {user.last_name}",
        "givenName": user.first_name,
        "familyName": user.last_name,
        "email": user.email,
    }


def assignment_view(app: App, assignment: GroupAssignment) -> dict[str, object]:
    """A group assignment object."""
    href = f"{ORGANISATION}/api/v1/apps/{app.id}"
    return {
        "id": assignment.group_id,
        "lastUpdated": assignment.last_updated,
        "priority": assignment.priority,
        "profile": _group_profile(app, assignment),
        "_links": {
            "app": {"href": href},
            "self": {"href": f"{href}/groups/{assignment.group_id}"},
            "group": {"href": f"{ORGANISATION}/api/v1/groups/{assignment.group_id}"},
        },
    }


def _group_profile(app: App, assignment: GroupAssignment) -> dict[str, object]:
    shown = SCIM_GROUP_PROFILE if app.name in SCIM_TEST_APPS else {}
    return {**shown, **assignment.profile}


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

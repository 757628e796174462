"""What an Okta organisation holds: people, groups, apps, and what an app knows of its target."""

from typing import Literal

from pydantic import BaseModel, Field

UserStatus = Literal["ACTIVE", "STAGED", "PROVISIONED", "SUSPENDED", "DEPROVISIONED"]
MappingStatus = Literal["ACTIVE", "INACTIVE", "ERROR"]


class User(BaseModel):
    """A person in the directory."""

    id: str
    login: str
    email: str
    first_name: str
    last_name: str
    extra: dict[str, object] = Field(default_factory=dict)
    status: UserStatus = "ACTIVE"
    administrator: bool = False
    created: str
    last_updated: str
    status_changed: str

    @property
    def assignable(self) -> bool:
        """Whether apps and pushes still reach this person (a deactivated one loses every app)."""
        return self.status != "DEPROVISIONED"

    @property
    def profile(self) -> dict[str, object]:
        """The default profile's attributes as the API shows them."""
        return {
            "firstName": self.first_name,
            "lastName": self.last_name,
            "login": self.login,
            "email": self.email,
            **self.extra,
        }


class Group(BaseModel):
    """A group of Okta's own (OKTA_GROUP), Everyone (BUILT_IN), or an app's (APP_GROUP)."""

    id: str
    type: Literal["OKTA_GROUP", "BUILT_IN", "APP_GROUP"] = "OKTA_GROUP"
    name: str
    description: str | None = None
    members: list[str] = Field(default_factory=list)
    app_id: str | None = None
    created: str
    last_updated: str
    last_membership_updated: str


class Password(BaseModel):
    """The feature USER_PROVISIONING's password capability."""

    enabled: bool = False
    seed: Literal["OKTA", "RANDOM"] = "RANDOM"
    change: Literal["CHANGE", "KEEP_EXISTING"] = "KEEP_EXISTING"


class Provisioning(BaseModel):
    """An app's API integration, whether set by the console or by the connection API.

    The defaults are Okta's own: groups are imported and renamed, nothing is pushed.
    """

    enabled: bool = False
    auth_scheme: Literal["TOKEN", "OAUTH2"] = "TOKEN"
    base_url: str = ""
    token: str = ""
    client_id: str = ""
    create_users: bool = False
    update_users: bool = False
    deactivate_users: bool = False
    password: Password = Field(default_factory=Password)
    import_groups: bool = True
    rename_groups: bool = True
    inbound: dict[str, object] = Field(default_factory=dict)


class AppUser(BaseModel):
    """A person's assignment to an app, with the target's id once it was pushed."""

    user_id: str
    scope: Literal["USER", "GROUP"] = "GROUP"
    user_name: str
    external_id: str | None = None
    error: str | None = None
    created: str
    last_updated: str
    status_changed: str
    last_sync: str | None = None
    profile: dict[str, object] = Field(default_factory=dict)


class GroupAssignment(BaseModel):
    """A group assigned to an app: its members become app users."""

    group_id: str
    priority: int
    profile: dict[str, object] = Field(default_factory=dict)
    last_updated: str


class Mapping(BaseModel):
    """A pushed group: an Okta group, the app's group it is pushed to, and how that went."""

    id: str
    source_group_id: str
    target_group_id: str
    target_name: str
    status: MappingStatus = "ACTIVE"
    error: str | None = None
    external_id: str | None = None
    remote_name: str | None = None
    pushed: list[str] = Field(default_factory=list)
    complete: bool = False  # False: what the target holds is not known, push everything anew
    created: str
    last_updated: str
    last_push: str | None = None


class App(BaseModel):
    """One instance of a catalogue app."""

    id: str
    name: str
    label: str
    status: Literal["ACTIVE", "INACTIVE"]
    created: str
    last_updated: str
    self_service: bool = False
    error_redirect_url: str | None = None
    login_redirect_url: str | None = None
    auto_launch: bool = False
    auto_submit_toolbar: bool = True
    hide_ios: bool = False
    hide_web: bool = False
    app_links: dict[str, bool] = Field(default_factory=dict)
    user_name_template: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, object] = Field(default_factory=dict)
    sign_on: dict[str, object] = Field(default_factory=dict)
    implicit_assignment: bool = False
    note_admin: str | None = None
    note_enduser: str | None = None
    access_policy_id: str
    logo_id: str | None = None
    provisioning: Provisioning = Field(default_factory=Provisioning)
    groups: list[GroupAssignment] = Field(default_factory=list)
    users: dict[str, AppUser] = Field(default_factory=dict)
    leaving: list[AppUser] = Field(default_factory=list)  # unassigned, not yet told the target
    mappings: list[Mapping] = Field(default_factory=list)

    @property
    def features(self) -> list[str]:
        """The provisioning features that are on, as an app's JSON shows them."""
        setup = self.provisioning
        if not setup.enabled:
            return []
        shown = ["GROUP_PUSH", "SCIM_PROVISIONING"]
        if setup.create_users:
            shown += ["PUSH_NEW_USERS", "REACTIVATE_USERS"]
        if setup.deactivate_users:
            shown.append("PUSH_USER_DEACTIVATION")
        if setup.update_users:
            shown.append("PUSH_PROFILE_UPDATES")
        if setup.password.enabled:
            shown.append("PUSH_PASSWORD_UPDATES")
        if setup.import_groups:
            shown += ["IMPORT_NEW_USERS", "IMPORT_PROFILE_UPDATES"]
        return sorted(shown)


class GroupDeletion(BaseModel):
    """A target group that a deleted mapping wants gone; outlives mapping and app."""

    app_label: str
    app_name: str
    base_url: str
    token: str
    external_id: str
    name: str

"""What an Okta organisation holds, its timestamps, and the small rules that every route needs."""

import base64
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field

from sandbox.okta.late import Index, Late
from sandbox.server.ids import Counters, okta_id
from sandbox.server.people import Person


def now() -> str:
    """The present in Okta's form, as in ``2026-03-25T06:09:44.000Z``."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment in Okta's form: UTC, milliseconds, ``Z``."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse(text: str) -> datetime:
    """A timestamp as a moment in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def whole_seconds(text: str) -> str:
    """A moment without milliseconds, as push mappings carry it: ``2026-03-25T06:09:44Z``."""
    return text.partition(".")[0].removesuffix("Z") + "Z"


UserStatus = Literal[
    "ACTIVE",
    "STAGED",
    "PROVISIONED",
    "RECOVERY",
    "LOCKED_OUT",
    "PASSWORD_EXPIRED",
    "SUSPENDED",
    "DEPROVISIONED",
]
MappingStatus = Literal["ACTIVE", "INACTIVE", "ERROR"]
Scope = Literal["USER", "GROUP"]
GroupType = Literal["OKTA_GROUP", "BUILT_IN", "APP_GROUP"]


class User(BaseModel):
    """A person in the directory."""

    id: str
    login: str
    email: str
    first_name: str
    last_name: str
    extra: dict[str, object] = Field(default_factory=dict)
    status: UserStatus = "ACTIVE"
    password: bool = True
    recovery_question: str | None = None
    roles: list[str] = Field(default_factory=list)
    administrator: bool = False
    created: str
    last_updated: str
    status_changed: str

    @property
    def assignable(self) -> bool:
        """Whether apps still reach this person: a deactivated one loses every app (D)."""
        return self.status != "DEPROVISIONED"

    @property
    def pushed_active(self) -> bool:
        """Whether apps are told ``active: true``: a suspended person is not active there (D)."""
        return self.status not in ("SUSPENDED", "DEPROVISIONED")

    @property
    def profile(self) -> dict[str, object]:
        """The default profile's attributes as the API shows them."""
        return {
            "firstName": self.first_name,
            "lastName": self.last_name,
            "mobilePhone": None,  # these two are shown without a value too (R)
            "secondEmail": None,
            "login": self.login,
            "email": self.email,
            **self.extra,
        }


class Group(BaseModel):
    """A group of Okta's own (OKTA_GROUP), Everyone (BUILT_IN), or an app's (APP_GROUP)."""

    id: str
    type: GroupType = "OKTA_GROUP"
    name: str
    description: str | None = None
    extra: dict[str, object] = Field(default_factory=dict)  # the organisation's own attributes
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


FEATURES = {
    "PUSH_NEW_USERS": "create_users",
    "PUSH_USER_DEACTIVATION": "deactivate_users",
    "PUSH_PROFILE_UPDATES": "update_users",
}
"""A feature in an app's JSON -> the switch of `Provisioning` that it shows."""


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
    boxes: dict[str, bool] = Field(default_factory=dict)  # those that are only kept, by name
    inbound: dict[str, object] = Field(default_factory=dict)


class AppUser(BaseModel):
    """A person's assignment to an app, with the target's id once it was pushed."""

    user_id: str
    scope: Scope = "GROUP"
    user_name: str
    external_id: str | None = None
    error: str | None = None
    missed: bool = False  # assigned before people were provisioned: never pushed by itself (R)
    inactive: bool = False  # the target was told active: false
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
    error: str | None = None  # as recorded of old ones; Okta shows none today (R)
    external_id: str | None = None
    remote_name: str | None = None
    pushed: list[str] = Field(default_factory=list)
    complete: bool = False  # False: what the target holds is not known, push everything anew
    created: str
    last_updated: str
    last_push: str | None = None


class Form(BaseModel):
    """What an app of another sign-on mode than the catalogue's SAML was asked for."""

    credentials: dict[str, object] = Field(default_factory=dict)
    settings: dict[str, object] = Field(default_factory=dict)


class Policy(BaseModel):
    """A sign-on policy of apps; ``system``: Okta's own, which cannot be deactivated."""

    id: str
    name: str
    description: str | None = None
    system: bool = False
    type: str = "ACCESS_POLICY"


class App(BaseModel):
    """One instance of an app: of the catalogue, or of the organisation's own."""

    id: str
    name: str
    label: str
    mode: str | None = "SAML_2_0"
    form: Form | None = None
    status: Literal["ACTIVE", "INACTIVE"]
    created: str
    last_updated: str
    self_service: bool = False
    error_redirect_url: str | None = None
    login_redirect_url: str | None = None
    auto_launch: bool = False
    auto_submit_toolbar: bool = False
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
    loses_settings: bool = False  # by another label; P #1521 #1510, of some apps of the catalogue
    groups: list[GroupAssignment] = Field(default_factory=list)
    users: dict[str, AppUser] = Field(default_factory=dict)
    leaving: list[AppUser] = Field(default_factory=list)  # unassigned, not yet told the target
    mappings: list[Mapping] = Field(default_factory=list)

    @property
    def key_id(self) -> str:
        """The ``kid`` of the app's signing key."""
        digest = hashlib.sha256(f"kid:{self.id}".encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @property
    def features(self) -> list[str]:
        """The provisioning features that are on, as an app's JSON shows them."""
        setup = self.provisioning
        if not setup.enabled:
            return []
        shown = ["GROUP_PUSH", "SCIM_PROVISIONING"]
        shown += [name for name, switch in FEATURES.items() if getattr(setup, switch)]
        if setup.create_users:
            shown.append("REACTIVATE_USERS")
        if setup.password.enabled:
            shown.append("PUSH_PASSWORD_UPDATES")
        if setup.import_groups:
            shown += ["IMPORT_NEW_USERS", "IMPORT_PROFILE_UPDATES"]
        # Features go by names in capitals (D); a box that no API shows does not.
        shown += [name for name, on in setup.boxes.items() if on and name.isupper()]
        return sorted(shown)


class GroupDeletion(BaseModel):
    """A target group that a deleted mapping wants gone; outlives mapping and app."""

    app_label: str
    app_name: str
    base_url: str
    token: str
    external_id: str
    name: str


ORGANISATION = "https://example.okta.com"
ADMINISTRATOR_LOGIN = "okta.administrator@example.com"
DEFAULT_ACCESS_POLICY = "rstSandboxAccess0000"
ADMIN_CONSOLE_POLICY = "Okta Admin Console"
_SECRET = "[secret]"
_POLICIES = (
    Policy(
        id=DEFAULT_ACCESS_POLICY,
        name="Any two factors",
        description="Require two factors to access.",
        system=True,
    ),
    Policy(id="rstSandboxPassword00", name="Password only", description="Require only a password."),
    Policy(id="rstSandboxConsole000", name=ADMIN_CONSOLE_POLICY),
)


class OktaState(BaseModel):
    """Everything the organisation knows; survives a JSON round trip."""

    counters: Counters = Field(default_factory=Counters)
    users: dict[str, User] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)
    apps: dict[str, App] = Field(default_factory=dict)
    policies: dict[str, Policy] = Field(default_factory=dict)
    custom_role: list[str] | None = None  # permissions, beside the owner's standard roles
    attributes: list[str] | None = None  # the profile's own; None: whatever is asked for
    group_attributes: list[str] = Field(default_factory=list)  # the organisation's own, of groups
    group_deletions: list[GroupDeletion] = Field(default_factory=list)
    log: list[dict[str, object]] = Field(default_factory=list)
    late: Late = Field(default_factory=Late)
    searched_users: Index[User] = Field(default_factory=Index[User])
    searched_groups: Index[Group] = Field(default_factory=Index[Group])
    rate_limit: int = 10_000  # requests a minute; beyond it Okta answers 429
    rate_minute: int = 0
    rate_count: int = 0

    @classmethod
    def fresh(cls) -> "OktaState":
        """An organisation with its administrator and the group Everyone."""
        state = cls()
        state.add_group("Everyone", "All users in your organization", kind="BUILT_IN")
        owner = state.add_person(Person.of(ADMINISTRATOR_LOGIN, "Okta", "Administrator"))
        state.users[owner].administrator = True
        state.users[owner].roles = ["SUPER_ADMIN"]
        for policy in _POLICIES:
            state.policies[policy.id] = policy.model_copy()
        return state

    def note_user(self, key: str) -> None:
        """The API is about to change or delete a person: searches show it later (D)."""
        user = self.users[key]
        was = user.model_copy(update={"extra": dict(user.extra)})
        self.searched_users.note(key, was, self.late.search_seconds)

    def made_user(self, user: User) -> None:
        """The API has made a person."""
        self.searched_users.note(user.id, None, self.late.search_seconds)

    def made_group(self, group: Group) -> None:
        """The API has made a group."""
        self.searched_groups.note(group.id, None, self.late.search_seconds)

    def note_group(self, key: str) -> None:
        """The API is about to change or delete a group: searches show it later (D)."""
        was = self.groups[key].model_copy()
        self.searched_groups.note(key, was, self.late.search_seconds)

    def new_id(self, prefix: str) -> str:
        """The next id that begins with ``prefix``; the same after every reset."""
        return okta_id(prefix, self.counters.take(prefix))

    def add_person(self, person: Person) -> str:
        """Add an active person; the same address again changes nothing. Returns the user id.

        The login is the user principal name, so that logins and addresses can differ.
        """
        address = person.email.casefold()
        known = next((u for u in self.users.values() if u.email.casefold() == address), None)
        if known is None:
            known = self.add_user(
                person.user_principal_name, person.email, person.first_name, person.last_name
            )
        return known.id

    def add_user(self, login: str, email: str, first_name: str, last_name: str) -> User:
        """Add an active user to the directory and to Everyone; searches show it at once."""
        moment = now()
        user = User(
            id=self.new_id("00u"),
            login=login,
            email=email,
            first_name=first_name,
            last_name=last_name,
            created=moment,
            last_updated=moment,
            status_changed=moment,
        )
        self.users[user.id] = user
        self.everyone.members.append(user.id)
        return user

    def add_group(
        self,
        name: str,
        description: str | None,
        *,
        kind: GroupType = "OKTA_GROUP",
        app_id: str | None = None,
    ) -> Group:
        """Add an empty group; the caller has checked the name."""
        moment = now()
        group = Group(
            id=self.new_id("00g"),
            type=kind,
            name=name,
            description=description,
            app_id=app_id,
            created=moment,
            last_updated=moment,
            last_membership_updated=moment,
        )
        self.groups[group.id] = group
        return group

    @property
    def everyone(self) -> Group:
        """The built-in group of all users."""
        return next(group for group in self.groups.values() if group.type == "BUILT_IN")

    @property
    def owner(self) -> User:
        """The administrator to whom the API token belongs."""
        return next(user for user in self.users.values() if user.administrator)

    def find_user(self, key: str) -> User | None:
        """By id, by login, or by the part of a login before ``@`` where only one has it."""
        if key in self.users:
            return self.users[key]
        wanted = key.casefold()
        same = [user for user in self.users.values() if user.login.casefold() == wanted]
        if not same:
            same = [
                user
                for user in self.users.values()
                if user.login.casefold().partition("@")[0] == wanted
            ]
        return same[0] if len(same) == 1 else None

    def snapshot(self) -> dict[str, object]:
        """What ``GET /_sandbox/state`` shows: no secret and no time, so that runs compare."""
        return {
            "users": [
                {"id": u.id, "login": u.login, "email": u.email, "status": u.status}
                for u in self.users.values()
            ],
            "groups": [
                {
                    "id": g.id,
                    "name": g.name,
                    "type": g.type,
                    "description": g.description,
                    "members": sorted(self._emails(g.members)),
                }
                for g in self.groups.values()
            ],
            "apps": [self._app(app) for app in self.apps.values()],
            "groupDeletions": [{"app": d.app_label, "name": d.name} for d in self.group_deletions],
        }

    def _emails(self, user_ids: list[str]) -> Iterator[str]:
        return (self.users[user_id].email for user_id in user_ids)

    def _app(self, app: App) -> dict[str, object]:
        setup = app.provisioning
        return {
            "id": app.id,
            "name": app.name,
            "label": app.label,
            "status": app.status,
            "hideWeb": app.hide_web,
            "hideIos": app.hide_ios,
            "autoSubmitToolbar": app.auto_submit_toolbar,
            "userNameTemplate": app.user_name_template.get("template", ""),
            "features": app.features,
            "provisioning": {
                "enabled": setup.enabled,
                "baseUrl": setup.base_url,
                "token": _SECRET if setup.token else "",
                "createUsers": setup.create_users,
                "updateUsers": setup.update_users,
                "deactivateUsers": setup.deactivate_users,
                "importGroups": setup.import_groups,
                "renameGroups": setup.rename_groups,
            },
            "assignedGroups": sorted(self.groups[a.group_id].name for a in app.groups),
            "users": sorted(
                (
                    {"userName": u.user_name, "externalId": u.external_id, "error": u.error}
                    for u in app.users.values()
                ),
                key=lambda shown: str(shown["userName"]),
            ),
            "pushMappings": sorted(
                (
                    {
                        "id": m.id,
                        "group": self.groups[m.source_group_id].name,
                        "target": m.target_name,
                        "status": m.status,
                        "error": m.error,
                        "externalId": m.external_id,
                        "pushed": m.last_push is not None,
                    }
                    for m in app.mappings
                ),
                key=lambda shown: str(shown["group"]),
            ),
        }

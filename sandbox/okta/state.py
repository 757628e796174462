"""The state of the Okta organisation, and the small rules every route needs."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from sandbox.okta.clock import now
from sandbox.okta.model import App, Group, GroupDeletion, User
from sandbox.server.ids import Counters, okta_id
from sandbox.server.people import Person

ORGANISATION = "https://example.okta.com"
ADMINISTRATOR_LOGIN = "okta.administrator@example.com"
_SECRET = "[secret]"


class OktaState(BaseModel):
    """Everything the organisation knows; survives a JSON round trip."""

    counters: Counters = Field(default_factory=Counters)
    users: dict[str, User] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)
    apps: dict[str, App] = Field(default_factory=dict)
    group_deletions: list[GroupDeletion] = Field(default_factory=list)
    log: list[dict[str, object]] = Field(default_factory=list)
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
        return state

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
        """Add an active user to the directory and to Everyone."""
        moment = now()
        user = User(
            id=self.new_id("00u"), login=login, email=email, first_name=first_name,
            last_name=last_name, created=moment, last_updated=moment, status_changed=moment,
        )  # fmt: skip
        self.users[user.id] = user
        self.everyone.members.append(user.id)
        return user

    def add_group(
        self, name: str, description: str | None, *, kind: str = "OKTA_GROUP",
        app_id: str | None = None,
    ) -> Group:  # fmt: skip
        """Add an empty group; the caller has checked the name."""
        moment = now()
        group = Group.model_validate(
            {
                "id": self.new_id("00g"), "type": kind, "name": name, "description": description,
                "app_id": app_id, "created": moment, "last_updated": moment,
                "last_membership_updated": moment,
            }
        )  # fmt: skip
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
                    "id": g.id, "name": g.name, "type": g.type, "description": g.description,
                    "members": sorted(self._emails(g.members)),
                }
                for g in self.groups.values()
            ],
            "apps": [self._app(app) for app in self.apps.values()],
            "groupDeletions": [{"app": d.app_label, "name": d.name} for d in self.group_deletions],
        }  # fmt: skip

    def _emails(self, user_ids: list[str]) -> Iterator[str]:
        return (self.users[user_id].email for user_id in user_ids)

    def _app(self, app: App) -> dict[str, object]:
        setup = app.provisioning
        return {
            "id": app.id, "name": app.name, "label": app.label, "status": app.status,
            "hideWeb": app.hide_web, "hideIos": app.hide_ios,
            "autoSubmitToolbar": app.auto_submit_toolbar,
            "userNameTemplate": app.user_name_template.get("template", ""),
            "features": app.features,
            "provisioning": {
                "enabled": setup.enabled, "baseUrl": setup.base_url,
                "token": _SECRET if setup.token else "",
                "createUsers": setup.create_users, "updateUsers": setup.update_users,
                "deactivateUsers": setup.deactivate_users,
                "importGroups": setup.import_groups, "renameGroups": setup.rename_groups,
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
                        "id": m.id, "group": self.groups[m.source_group_id].name,
                        "target": m.target_name, "status": m.status, "error": m.error,
                        "externalId": m.external_id, "pushed": m.last_push is not None,
                    }
                    for m in app.mappings
                ),
                key=lambda shown: str(shown["group"]),
            ),
        }  # fmt: skip

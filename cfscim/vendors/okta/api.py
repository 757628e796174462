"""Okta's management API, read only: what `verify` and the gates need to see.

Source: okta-management-openapi-spec 2026.06.3 (Applications, Groups, Users, System Log).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import quote

from cfscim.config.json_types import JsonObject
from cfscim.config.okta_switches import USER_PROVISIONING
from cfscim.vendors.errors import AnswerError, unless_gone
from cfscim.vendors.okta import APPS, GROUPS, PAGE, READ_APPS, READ_GROUPS, USERS
from cfscim.vendors.okta.lookups import groups_named, users_addressed
from cfscim.vendors.okta.models import (
    App,
    AppGroup,
    AppUser,
    Connection,
    Feature,
    Group,
    LogEvent,
    PushMapping,
    User,
)
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import Client, link_pages, objects, read

_LOG, _LOGS = "/api/v1/logs", "okta.logs.read"
_NO_FEATURES = ("Provisioning is not enabled", "Provisioning is not supported")
UNSUSPENDED = "user.lifecycle.unsuspend"
# Members are seen up to 2 s after they were written (R: 7 of 81 reads).
LATE_SECONDS = 2.0
_JUST = timedelta(seconds=30)  # clocks differ
_MOST_EVENTS = 1000


class OktaClient(Client):
    """Reads apps, groups and people. Every method raises `AnswerError` (a `RemoteError`)."""

    @classmethod
    def from_settings(cls, config: Mapping[str, str], env: Mapping[str, str]) -> Self:
        """Signed in as the stack's provider is. Raises `MissingError` naming what to set."""
        return cls(okta_http(config, env))

    def _pages(self, path: str, query: Mapping[str, str], needs: str) -> Iterator[JsonObject]:
        return link_pages(self._http, path, query, needs=needs)

    def app(self, app_id: str) -> App:
        """An app by its id."""
        return self._read(App, f"{APPS}/{quote(app_id)}", READ_APPS)

    def find_app(self, app_id: str) -> App | None:
        """The app of that id, or nothing where there is none."""
        return unless_gone(lambda: self.app(app_id))

    def apps_by_label(self, label: str) -> tuple[App, ...]:
        """Every app of exactly this label; Okta compares beginnings, and lets labels repeat."""
        query = {"q": label, "limit": str(PAGE)}
        return tuple(app for app in self._all(App, APPS, READ_APPS, query) if app.label == label)

    def connection(self, app_id: str) -> Connection:
        """The app's provisioning connection; status `UNKNOWN` where Okta supports none."""
        return self._read(Connection, f"{APPS}/{quote(app_id)}/connections/default", READ_APPS)

    def features(self, app_id: str) -> tuple[Feature, ...] | None:
        """The app's provisioning features; None where it has none by API.

        That is where provisioning is not enabled, and where the app's connection is `UNKNOWN`.
        """
        try:
            path = f"{APPS}/{quote(app_id)}/features"
            answer = self._http.get(path, needs=READ_APPS, lists=True)
        except AnswerError as error:
            if error.status == 400 and any(text in error.says for text in _NO_FEATURES):
                return None
            raise
        return tuple(read(Feature, item, answer.where) for item in objects(answer, answer.body))

    def provisioning_feature(self, app_id: str) -> Feature | None:
        """The feature with the switches, `USER_PROVISIONING`; None where Okta shows none."""
        mine = (f for f in self.features(app_id) or () if f.name == USER_PROVISIONING)
        return next(mine, None)

    def push_mappings(self, app_id: str) -> tuple[PushMapping, ...]:
        """The app's pushed groups."""
        path = f"{APPS}/{quote(app_id)}/group-push/mappings"
        return self._all(PushMapping, path, f"{READ_APPS} and {READ_GROUPS}", {"limit": "1000"})

    def app_groups(self, app_id: str) -> tuple[AppGroup, ...]:
        """The groups assigned to the app."""
        path = f"{APPS}/{quote(app_id)}/groups"
        return self._all(AppGroup, path, READ_APPS, {"limit": str(PAGE)})

    def app_users(self, app_id: str) -> tuple[AppUser, ...]:
        """The people assigned to the app, directly or through a group."""
        path = f"{APPS}/{quote(app_id)}/users"
        return self._all(AppUser, path, READ_APPS, {"limit": "500"})

    def group(self, group_id: str) -> Group:
        """A group by its id."""
        return self._read(Group, f"{GROUPS}/{quote(group_id)}", READ_GROUPS)

    def groups_named(self, name: str) -> tuple[Group, ...]:
        """The groups of exactly this name, Okta's own before those of apps."""
        shown = groups_named(self._http, name, late=LATE_SECONDS)
        groups = [read(Group, item, f"Okta GET {GROUPS}") for item in shown]
        return tuple(sorted(groups, key=lambda group: group.of_an_app))

    def group_by_name(self, name: str) -> Group | None:
        """The group of exactly this name.

        An imported group of the same name counts only where Okta has none of its own.
        """
        return next(iter(self.groups_named(name)), None)

    def group_members(self, group_id: str) -> tuple[User, ...]:
        """The people in a group."""
        path = f"{GROUPS}/{quote(group_id)}/users"
        return self._all(User, path, READ_GROUPS, {"limit": str(PAGE)})

    def addresses_in(self, name: str) -> list[str]:
        """The addresses of the people in the group of exactly this name."""
        group = self.group_by_name(name)
        return [user.email for user in self.group_members(group.id)] if group else []

    def settled_members(
        self, group: Group, declared: Collection[str], *, exact: bool
    ) -> tuple[User, ...]:
        """The people in a group that should hold these addresses (`exact`: and no others).

        Where it does not and was changed just now, it is read once more: Okta shows the members
        up to 2 s late (recorded).
        """
        wanted = {address.casefold() for address in declared}
        members = self.group_members(group.id)
        there = {member.email.casefold() for member in members}
        as_wanted = there == wanted if exact else there >= wanted
        if as_wanted or group.changed is None or abs(datetime.now(UTC) - group.changed) > _JUST:
            return members
        self._http.sleep(LATE_SECONDS)
        return self.group_members(group.id)

    def users_by_email(self, emails: Sequence[str]) -> dict[str, tuple[User, ...]]:
        """E-mail address as given -> everybody who has it; case does not matter to Okta."""
        shown = users_addressed(self._http, emails)
        users = [read(User, item, f"Okta GET {USERS}") for item in shown]
        return {
            email: tuple(user for user in users if user.email.casefold() == email.casefold())
            for email in emails
        }

    def logs(self, app_id: str, *, since: str, until: str, most: int = 200) -> tuple[LogEvent, ...]:
        """The app's newest System Log events in a time span (RFC 3339), at most `most`."""
        return self._events(f"target.id eq {json.dumps(app_id)}", since, until, most)

    def membership_changes(
        self, group_ids: Sequence[str], *, since: str, until: str
    ) -> tuple[LogEvent, ...]:
        """Who was put into these groups or taken out in a time span, and whose suspension ended,
        newest first; person and group are the targets of an event (D: event types)."""
        kinds = " or ".join(f'eventType eq "group.user_membership.{k}"' for k in ("add", "remove"))
        groups = " or ".join(f"target.id eq {json.dumps(group)}" for group in group_ids)
        wanted = f'(({kinds}) and ({groups})) or eventType eq "{UNSUSPENDED}"'
        return self._events(wanted, since, until, _MOST_EVENTS)

    def _events(self, wanted: str, since: str, until: str, most: int) -> tuple[LogEvent, ...]:
        query = {
            "filter": wanted,
            "since": since,
            "until": until,
            "sortOrder": "DESCENDING",
            "limit": str(min(most, _MOST_EVENTS)),
        }
        events: list[LogEvent] = []
        for item in link_pages(self._http, _LOG, query, needs=_LOGS, log=True):
            events.append(read(LogEvent, item, f"Okta GET {_LOG}"))
            if len(events) >= most:
                break
        return tuple(events)

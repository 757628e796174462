"""Okta's management API, read only: what `verify` and the gates need to see.

Source: okta-management-openapi-spec 2026.06.3 (Applications, Groups, Users, System Log).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Self
from urllib.parse import quote

from cfscim.config.okta_switches import USER_PROVISIONING
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta import APPS, GROUPS, SCOPES, USERS
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
from cfscim.vendors.pages import gather, link_pages, objects
from cfscim.vendors.replies import read

_APPS, _GROUPS, _USERS = SCOPES
_LOGS = "okta.logs.read"
_NO_FEATURES = ("Provisioning is not enabled", "Provisioning is not supported")
# A longer search would make a longer address than proxies take.
_EMAILS_A_CALL = 30


class OktaClient:
    """Reads apps, groups and people. Every method raises `AnswerError` (a `RemoteError`)."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    @classmethod
    def from_settings(cls, config: Mapping[str, str], env: Mapping[str, str]) -> Self:
        """Signed in as the stack's provider is. Raises `MissingError` naming what to set."""
        return cls(okta_http(config, env))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def app(self, app_id: str) -> App:
        """An app by its id."""
        answer = self._http.get(f"{APPS}/{quote(app_id)}", needs=_APPS)
        return read(App, answer.body, answer.where)

    def find_app(self, app_id: str) -> App | None:
        """The app of that id, or nothing where there is none."""
        try:
            return self.app(app_id)
        except AnswerError as error:
            if error.kind == "not found":
                return None
            raise

    def apps_by_label(self, label: str) -> tuple[App, ...]:
        """Every app of exactly this label; Okta compares beginnings, and lets labels repeat."""
        query = {"q": label, "limit": "200"}
        entries = link_pages(self._http, APPS, query, needs=_APPS)
        apps = [read(App, item, f"Okta GET {APPS}") for item in entries]
        return tuple(app for app in apps if app.label == label)

    def connection(self, app_id: str) -> Connection:
        """The app's provisioning connection; status `UNKNOWN` where Okta supports none."""
        answer = self._http.get(f"{APPS}/{quote(app_id)}/connections/default", needs=_APPS)
        return read(Connection, answer.body, answer.where)

    def features(self, app_id: str) -> tuple[Feature, ...] | None:
        """The app's provisioning features; None where it has none by API.

        That is where provisioning is not enabled, and where the app's connection is `UNKNOWN`.
        """
        try:
            path = f"{APPS}/{quote(app_id)}/features"
            answer = self._http.get(path, needs=_APPS, lists=True)
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
        entries = link_pages(self._http, path, {"limit": "1000"}, needs=f"{_APPS} and {_GROUPS}")
        return tuple(read(PushMapping, item, f"Okta GET {path}") for item in entries)

    def app_groups(self, app_id: str) -> tuple[AppGroup, ...]:
        """The groups assigned to the app."""
        path = f"{APPS}/{quote(app_id)}/groups"
        entries = link_pages(self._http, path, {"limit": "200"}, needs=_APPS)
        return tuple(read(AppGroup, item, f"Okta GET {path}") for item in entries)

    def app_users(self, app_id: str) -> tuple[AppUser, ...]:
        """The people assigned to the app, directly or through a group."""
        path = f"{APPS}/{quote(app_id)}/users"
        entries = link_pages(self._http, path, {"limit": "500"}, needs=_APPS)
        return tuple(read(AppUser, item, f"Okta GET {path}") for item in entries)

    def group(self, group_id: str) -> Group:
        """A group by its id."""
        answer = self._http.get(f"{GROUPS}/{quote(group_id)}", needs=_GROUPS)
        return read(Group, answer.body, answer.where)

    def group_by_name(self, name: str) -> Group | None:
        """The group of exactly this name; seen a few seconds after it was written, not at once.

        An imported group of the same name counts only where Okta has none of its own. Asked by
        `search`: `q` compares beginnings and shows no more than its limit, without saying so.
        """
        query = {"search": f"profile.name eq {json.dumps(name)}", "limit": "200"}
        entries = link_pages(self._http, GROUPS, query, needs=_GROUPS)
        groups = [read(Group, item, f"Okta GET {GROUPS}") for item in entries]
        exact = sorted(
            (group for group in groups if group.name == name),
            key=lambda group: group.type != "OKTA_GROUP",
        )
        return exact[0] if exact else None

    def group_members(self, group_id: str) -> tuple[User, ...]:
        """The people in a group."""
        path = f"{GROUPS}/{quote(group_id)}/users"
        entries = link_pages(self._http, path, {"limit": "200"}, needs=_GROUPS)
        return tuple(read(User, item, f"Okta GET {path}") for item in entries)

    def users_by_email(self, emails: Sequence[str]) -> dict[str, tuple[User, ...]]:
        """E-mail address as given -> everybody who has it; case does not matter to Okta."""
        parts = [
            emails[start : start + _EMAILS_A_CALL]
            for start in range(0, len(emails), _EMAILS_A_CALL)
        ]
        users = [
            user
            for page in gather([lambda part=part: self._search(part) for part in parts])
            for user in page
        ]
        return {
            email: tuple(user for user in users if user.email.casefold() == email.casefold())
            for email in emails
        }

    def logs(self, app_id: str, *, since: str, until: str, most: int = 200) -> tuple[LogEvent, ...]:
        """The app's newest System Log events in a time span (RFC 3339), at most `most`."""
        return self._events(f"target.id eq {json.dumps(app_id)}", since, until, most)

    def membership_changes(
        self, group_ids: Sequence[str], *, since: str, until: str, most: int = 1000
    ) -> tuple[LogEvent, ...]:
        """Who was put into these groups or taken out in a time span, newest first; person and group
        are the targets of an event (D: event types)."""
        kinds = " or ".join(f'eventType eq "group.user_membership.{k}"' for k in ("add", "remove"))
        groups = " or ".join(f"target.id eq {json.dumps(group)}" for group in group_ids)
        return self._events(f"({kinds}) and ({groups})", since, until, most)

    def _events(self, wanted: str, since: str, until: str, most: int) -> tuple[LogEvent, ...]:
        query = {
            "filter": wanted,
            "since": since,
            "until": until,
            "sortOrder": "DESCENDING",
            "limit": str(min(most, 1000)),
        }
        events: list[LogEvent] = []
        for item in link_pages(self._http, "/api/v1/logs", query, needs=_LOGS, log=True):
            events.append(read(LogEvent, item, "Okta GET /api/v1/logs"))
            if len(events) >= most:
                break
        return tuple(events)

    def _search(self, emails: Sequence[str]) -> list[User]:
        # json.dumps quotes as Okta's expressions want it.
        search = " or ".join(f"profile.email eq {json.dumps(email)}" for email in emails)
        query = {"search": search, "limit": "200"}
        entries = link_pages(self._http, USERS, query, needs=_USERS)
        return [read(User, item, f"Okta GET {USERS}") for item in entries]

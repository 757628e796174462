"""Replays recordings of live Okta organisations against this one.

What existed before a recording began is made first, as far as its answers show it: people, groups,
apps, policies, memberships, assignments and provisioning.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from sandbox.okta.admin_roles import LABELS
from sandbox.okta.api.connections import store as store_connection
from sandbox.okta.api.users import BASE_ATTRIBUTES
from sandbox.okta.catalog import CATALOG_SIGN_ON, OWN, CatalogApp, kind_of
from sandbox.okta.late import Late
from sandbox.okta.models import (
    DEFAULT_ACCESS_POLICY,
    FEATURES,
    App,
    AppUser,
    Form,
    Group,
    GroupAssignment,
    Mapping,
    OktaState,
    Policy,
    Scope,
    User,
    UserStatus,
    now,
)
from sandbox.okta.provisioning.assignment import DEFAULT_TEMPLATE, join
from sandbox.okta.signin import access_token
from sandbox.replay import OWN_SOURCE, Accepted, Exchange, Ids, as_far_as_shown, known_only
from sandbox.server.world import World

Document = dict[str, Any]
_HAND_MADE = re.compile(r"test_group_id|oaetest|0oa1testapp|/users/-1 ")
_KEY = re.compile(r"(?:00u|00g|0oa|rst|00p|gPm)[0-9A-Za-z]{17}")
_CALLS = tuple(
    re.compile(call)
    for call in (
        r"GET /\.well-known/okta-organization",
        r"(GET|POST) /api/v1/(groups|users|apps)",
        r"(GET|PUT|DELETE) /api/v1/groups/(?!rules)[^/]+",
        r"GET /api/v1/groups/[^/]+/(users|apps)",
        r"(PUT|DELETE) /api/v1/groups/[^/]+/users/[^/]+",
        r"(GET|POST|PUT|DELETE) /api/v1/users/[^/]+",
        r"POST /api/v1/users/[^/]+/lifecycle/\w+",
        r"GET /api/v1/users/[^/]+/groups",
        r"(GET|POST) /api/v1/users/[^/]+/roles",
        r"(GET|PUT|DELETE) /api/v1/apps/[^/]+",
        r"POST /api/v1/apps/[^/]+/lifecycle/\w+",
        r"POST /api/v1/apps/[^/]+/logo",
        r"GET /api/v1/apps/[^/]+/(groups|users|features|credentials/keys|sso/saml/metadata)",
        r"(GET|PUT|DELETE) /api/v1/apps/[^/]+/groups/[^/]+",
        r"POST /api/v1/apps/[^/]+/users",
        r"(GET|POST|DELETE) /api/v1/apps/[^/]+/users/[^/]+",
        r"(GET|POST) /api/v1/apps/[^/]+/connections/default(/lifecycle/\w+)?",
        r"(GET|PUT) /api/v1/apps/[^/]+/features/\w+",
        r"(GET|POST) /api/v1/apps/[^/]+/group-push/mappings",
        r"(GET|PATCH|DELETE) /api/v1/apps/[^/]+/group-push/mappings/[^/]+",
        r"PUT /api/v1/apps/[^/]+/policies/[^/]+",
        r"(GET|DELETE) /api/v1/policies/[^/]+",
    )
)
"""The calls of the program, of its providers and of the official clients."""
_APP = r"(GET|POST|PUT) /api/v1/(groups/\{id\}/)?apps(/\{id\})?"
_USER = r"(GET|POST|PUT) /api/v1/(groups/\{id\}/)?users(/\{id\}(/lifecycle/expire_password)?)?"
_BEFORE: dict[str, UserStatus] = {
    "activate": "STAGED",
    "reactivate": "PROVISIONED",
    "suspend": "ACTIVE",
    "unsuspend": "SUSPENDED",
    "unlock": "LOCKED_OUT",
}
"""The status in which a person's life takes a step."""
ACCEPTED: tuple[Accepted, ...] = (
    # What an organisation shows depends on its age; the sandbox is one of 2026.
    Accepted(_APP, r".*\.universalLogout.*", "apps show their support of it since 2025 only"),
    Accepted(_APP, r".*\.settings\.emOptInStatus: too much", "apps show it since 2025 only"),
    Accepted(_USER, r".*\.realmId: too much", "people are in realms since 2026 only"),
    Accepted(r".* /api/v1/.*groups.*", r".*\._links\.owners: too much", "since 2025 only"),
    Accepted(
        _APP,
        r".*\._links\.(accessPolicy|policies|profileEnrollment): too much",
        "Classic organisations put no app under a policy",
    ),
    Accepted(_USER, r".*\._links\.resetFactors: too much", "organisations with factors only"),
    Accepted(_USER, r".*\._links\.forgotPassword: too much", "depends on the password policy"),
    Accepted(r"GET /\.well-known/.*", r".*op4wEnabled: missing", "a product of some organisations"),
    Accepted(
        _APP,
        r".*\.(orn|settings\.(implicitAssignment|manualProvisioning|notes)|visibility\.autoLaunch"
        r"|_links\.(uploadLogo|clientCredentials)|settings\.app\.idpId): too much"
        r"|.*\.settings\.extendedProperties: missing",
        "recordings of 2020 to 2022 do not have it",
    ),
    Accepted(
        _APP,
        r".*\.settings\.signOn\.(assertionEncryption|inlineHooks): too much"
        r"|.*\.settings\.app\.(accountID|rpId): too much",
        "shown since 2024 only",
        further=True,
    ),
    Accepted(
        r"GET /\.well-known/.*",
        r".*\.settings\.(itpEnabled|desktopMFAEnabled|pssoEnabled): too much",
        "products that are newer than recordings of 2022 and 2023",
        further=True,
    ),
    Accepted(
        _USER,
        r".*\.type: too much|.*\._links\.(type|schema|reactivate): too much"
        r"|\[\]\._links\.\w+: missing",
        "recordings of 2016 to 2018 do not have it; lists showed each step of a life until 2016",
        further=True,
    ),
    Accepted(
        r"(GET|POST) /api/v1/users/\{id\}/roles",
        r".*\.(_links|assignmentType): too much",
        "recordings of 2017 do not have it",
        further=True,
    ),
    Accepted(
        r"POST .*/lifecycle/reactivate", r"\.activationUrl: too much", "not in 2016", further=True
    ),
    Accepted(
        r".* /api/v1/apps/\{id\}/users.*",
        r".*\.lastSync: missing|.*\._embedded\.user\..*: too much",
        "until 2017 shown without a value too, and people with less",
        further=True,
    ),
    Accepted(
        r"GET /api/v1/apps/\{id\}(/credentials/keys)?",
        r".*\.(kid|e|n|lastUpdated): too much",
        "keys are shown whole since 2017 only",
        further=True,
    ),
    Accepted(_USER, r".*\.credentials\.emails: missing", "shown in 2020 only"),
    Accepted(r"POST .*/lifecycle/deactivate", r"status 200, recorded 204", "204 in 2020 only"),
    Accepted(r"GET .*/connections/default", r"\.(profile|baseUrl): too much", "not shown in 2022"),
    Accepted(
        r"GET /api/v1/policies\?type",
        r".*\.(_embedded|_links\.mappings): too much",
        "not shown in 2022",
    ),
    # Apps of other kinds than any that the program declares.
    Accepted(
        _APP,
        r".*\.(settings|credentials)\.oauthClient\..*|.*\._links\.clientCredentials: missing"
        r"|.*\._links\.help: too much",
        "an OpenID Connect client has what it was asked for; none is declared",
    ),
    Accepted(
        _APP,
        r".*\.licensing: missing|.*\.settings\.app\.office365\w+: too much",
        "Office 365 alone has it; none is declared",
    ),
    Accepted(_APP, r".*\.profile: missing", "an OpenID Connect client's own profile"),
    Accepted(
        r"(GET|POST) /api/v1/apps/\{id\}/users(/\{id\})?",
        r".*\.profile\.\w+: missing",
        "each app has a profile of its own; that of an OpenID Connect client was recorded",
    ),
    Accepted(
        r"POST /api/v1/apps",
        r"\.(_links\.(appLinks|groups|logo|users|deactivate)|settings\.notifications): too much"
        r"|\._links\.self: missing|\.credentials\.(revealPassword|scheme): missing",
        "made by hand: okta-sdk-python, test_cross_app_access_connection_lifecycle",
    ),
    Accepted(
        r"GET /api/v1/policies/\{id\}",
        r"\.settings: missing|\._links\.((mappings|deactivate): too much|activate: missing)",
        "policies of passwords and of sign-on, which no app is under",
    ),
    # What the recordings do not say, or say otherwise than it was.
    Accepted(r"GET /api/v1/users", r"\[\]: missing", "names were replaced, the search was not"),
    Accepted(r"GET /api/v1/users", r"\[\]: too much", "recorded in an organisation without people"),
    Accepted(
        r"GET /api/v1/groups/\{id\}/users",
        r"\[\]: too much",
        "read before a membership was seen (R: up to 2 s); no replay is late",
        today=True,
    ),
    Accepted(
        r"GET /api/v1/users/\{id\}",
        r"\.profile\.customAttribute1234: too much",
        "the attribute was deleted from the schema by a call that nothing here makes",
    ),
    Accepted(
        r"GET /api/v1/users/\{id\}",
        r"\.credentials\.recovery_question: missing",
        "the question was changed by a call that nothing here makes",
    ),
    Accepted(
        r"(GET|POST) /api/v1/users/\{id\}/roles",
        r"status 409, recorded 201|\[\]: (missing|too much)",
        "the role was taken away by a call that nothing here makes",
    ),
    Accepted(
        r"POST /api/v1/apps",
        r"status 200, recorded 400",
        "a trial organisation's limit of apps was reached",
    ),
    Accepted(
        r"PUT /api/v1/apps/\{id\}",
        r"status 200, recorded 400",
        "an own log-in app that could not be changed (No active instances); none is declared",
    ),
    Accepted(
        r"GET /api/v1/apps/\{id\}/sso/saml/metadata",
        r"status 404, recorded 400",
        "the request accepted another type; request headers were not recorded",
    ),
)
"""Every difference that stays, with its reason."""


def call_of(exchange: Exchange) -> str | None:
    """The name of an exchange's call, ids left out; None where nothing of ours makes it."""
    call = f"{exchange.method} {exchange.path}"
    if exchange.method == "GET" and exchange.path == "/api/v1/policies":
        return f"{call}?type" if ("type", "ACCESS_POLICY") in exchange.query else None
    ours = exchange.source == OWN_SOURCE or any(each.fullmatch(call) for each in _CALLS)
    if not ours or not _says_something(exchange):
        return None
    # A segment behind a collection's name is a key, whatever it looks like.
    named = re.sub(r"/(groups|users|apps|policies|mappings)/[^/]+", r"/\1/{id}", call)
    return re.sub(r"/features/\w+", "/features/{name}", named)


def _says_something(exchange: Exchange) -> bool:
    """Whether Okta itself answered, and as designed: else nothing can be learnt from it."""
    code = exchange.response.get("errorCode") if isinstance(exchange.response, dict) else None
    by_okta = exchange.status < 400 or code is not None or exchange.source == OWN_SOURCE
    id_ = exchange.response.get("id") if isinstance(exchange.response, dict) else None
    by_hand = _HAND_MADE.search(f"{exchange.path} {id_}")
    return exchange.status < 500 and exchange.status != 429 and by_okta and not by_hand


def build(world: World, recording: Sequence[Exchange], ids: Ids) -> None:
    """A fresh organisation with what its answers show to have been there before."""
    world.okta = OktaState.fresh()
    world.okta.rate_limit = len(recording) + 1_000_000
    # A recording is replayed faster than it was made: what it shows was seen by then.
    world.okta.late = Late(search_seconds=0, member_seconds=0)
    _Past(recording).build(world.okta, ids)


def signed(world: World, exchange: Exchange) -> Map[str, str]:
    """The API token, which has every right; where a right was missing, a token without any."""
    token = world.credentials.okta_api_token
    if exchange.status == 401:
        return {"Authorization": f"SSWS {token}-revoked"}
    code = exchange.response.get("errorCode") if isinstance(exchange.response, dict) else None
    if code == "E0000006":
        return {"Authorization": f"Bearer {access_token(token, [])}"}
    return {"Authorization": f"SSWS {token}"}


def body(exchange: Exchange, ids: Ids) -> Map[str, Any]:
    """The request's body; where the recorder kept none, what was made says what was asked."""
    if exchange.path.endswith("/logo"):
        return {"data": {"file": (__file__, "logo.png")}}
    given = exchange.request
    if given is None and exchange.method in ("POST", "PUT") and exchange.status < 400:
        given = copy.deepcopy(exchange.response)
        if isinstance(given, dict) and "password" in (given.get("credentials") or {}):
            given["credentials"]["password"] = {"value": "recorded"}
    return {} if given is None else {"json": ids.body(given)}


@dataclass
class _Past:
    """What must have been there before the first exchange of a recording."""

    recording: Sequence[Exchange]
    documents: dict[str, Document] = field(default_factory=dict)  # by id, as first seen
    born: set[str] = field(default_factory=set)  # ids of what the recording itself makes

    def build(self, state: OktaState, ids: Ids) -> None:
        """Make it all, and note which id stands for which."""
        self._read()
        attributes = self._attributes("users")
        state.attributes = sorted(attributes - set(BASE_ATTRIBUTES))
        state.group_attributes = sorted(self._attributes("groups") - {"name", "description"})
        for key, document in self.documents.items():
            with as_far_as_shown():
                match key[:3]:
                    case "00g":
                        ids.known[key] = _group(state, document).id
                    case "00u":
                        ids.known[key] = _user(state, key, document).id
                    case "rst" | "00p":
                        ids.known[key] = _policy(state, document).id
                    case _:
                        pass
        for key, document in self.documents.items():
            if key.startswith("0oa"):
                with as_far_as_shown():
                    ids.known[key] = _app(state, document).id
        for document in self.documents.values():
            with as_far_as_shown():
                _own_group(state, ids, document)
        for exchange in self.recording:
            with as_far_as_shown():
                self._relations(state, ids, exchange)
        self._roles(state, ids)
        self._begun(state, ids)
        self._ended(state, ids)
        self._events(state, ids)

    def _roles(self, state: OktaState, ids: Ids) -> None:
        """The administrator roles that people had before the recording gave or took any."""
        seen: set[str] = set()
        for exchange in self.recording:
            match = re.match(r"/api/v1/users/([^/]+)/roles", exchange.path)
            user = state.users.get(ids.known.get(match[1], "")) if match else None
            if user is None or user.id in seen:
                continue
            seen.add(user.id)
            if exchange.method == "GET" and exchange.status < 400:
                shown = [str(role.get("type")) for role in _documents(exchange.response)]
                user.roles = [kind for kind in shown if kind in LABELS]

    def _begun(self, state: OktaState, ids: Ids) -> None:
        """The status of whose life's next step was taken before any answer showed them."""
        seen = set(self.born)
        for exchange in self.recording:
            match = re.fullmatch(r"/api/v1/users/([^/]+)/lifecycle/(\w+)", exchange.path)
            if match and match[1] not in seen and exchange.status < 400 and match[2] in _BEFORE:
                user = state.users.get(ids.known.get(match[1], ""))
                if user is not None:
                    user.status = _BEFORE[match[2]]
            shown = [str(each.get("id")) for each in _documents(exchange.response) if _whole(each)]
            seen |= {*shown, match[1] if match else ""}

    def _ended(self, state: OktaState, ids: Ids) -> None:
        """What no answer shows but its end: an app was inactive, a group or person assigned."""
        before: set[str] = set()
        for exchange in self.recording:
            path = r"/api/v1/apps/([^/]+)(?:/(groups|users)/([^/]+))?"
            match = re.fullmatch(path, exchange.path)
            app = state.apps.get(ids.known.get(match[1], "")) if match else None
            ends = exchange.method == "DELETE" and exchange.status < 400
            if match is None or app is None or not ends:
                pass
            elif match[2] is None:
                cycled = any(path.startswith(f"{exchange.path}/lifecycle") for path in before)
                app.status = app.status if cycled or self.documents.get(match[1]) else "INACTIVE"
            elif before & {exchange.path, f"/api/v1/apps/{match[1]}/{match[2]}"}:
                pass
            elif match[2] == "users":
                user = state.users.get(ids.known.get(match[3], ""))
                if user is not None:
                    join(state, app, user, "USER")
            else:
                group = ids.known.get(match[3], match[3])
                app.groups.append(GroupAssignment(group_id=group, priority=0, last_updated=now()))
            before.add(exchange.path)

    def _events(self, state: OktaState, ids: Ids) -> None:
        """The System Log as far as the recording shows it, oldest first."""
        events: dict[str, Document] = {}
        for exchange in self.recording:
            shown = exchange.response if exchange.path == "/api/v1/logs" else None
            for event in shown if isinstance(shown, list) else ():
                if isinstance(event, dict) and "published" in event:
                    events[str(event.get("uuid"))] = ids.body(event)  # type: ignore[assignment]
        state.log = sorted(events.values(), key=lambda event: str(event["published"]))

    def _read(self) -> None:
        for exchange in self.recording:
            if exchange.status >= 400:
                continue
            creates = exchange.method == "POST" and call_of(exchange) is not None
            for document in _documents(exchange.response):
                key = str(document.get("id"))
                if creates and exchange.path.endswith("/mappings"):
                    self.born |= {key, str(document.get("targetGroupId"))}
                if "sourceGroupId" in document:
                    self._mentioned(document)
                if not _KEY.fullmatch(key) or "sourceGroupId" in document:
                    continue
                if creates and re.fullmatch(r"/api/v1/(groups|users|apps)", exchange.path):
                    self.born.add(key)
                elif key not in self.born and _whole(document):
                    known = self.documents.get(key)
                    if known is None or not _whole(known):
                        self.documents[key] = document
                elif key not in self.born and key.startswith(("00u", "00g")):
                    self.documents.setdefault(key, {})
            for key in _KEY.findall(f"{exchange.path} {_named_in(exchange.request)}"):
                if key not in self.born:
                    self.documents.setdefault(key, {})

    def _mentioned(self, mapping: Document) -> None:
        """The groups of a mapping that was there before: nothing else may show them."""
        if mapping.get("id") not in self.born:
            for name in ("sourceGroupId", "targetGroupId"):
                if name in mapping and mapping[name] not in self.born:
                    self.documents.setdefault(str(mapping[name]), {})

    def _attributes(self, kind: str) -> set[str]:
        """The names of the attributes that answers show of profiles of people, or of groups."""
        return {
            name
            for exchange in self.recording
            if exchange.status < 400 and re.search(rf"/{kind}(/[^/]+)?$", exchange.path)
            for document in _documents(exchange.response)
            for name in document.get("profile") or {}
        }

    def _relations(self, state: OktaState, ids: Ids, exchange: Exchange) -> None:
        """Memberships, assignments and provisioning that an answer shows and nothing here made."""
        match = re.fullmatch(r"/api/v1/(groups|apps|users)/([^/]+)/([a-z-]+)(/.*)?", exchange.path)
        if match is not None and match[3] == "group-push" and exchange.method == "GET":
            self._mappings(state, ids, match[2], exchange)
            return
        if match is None or exchange.status >= 400:
            return
        if exchange.method != "GET" and match[3] != "features":
            return
        owner = ids.known.get(match[2])
        others = [
            (document, ids.known.get(str(document.get("id"))))
            for document in _documents(exchange.response)
        ]
        if owner is None:
            return
        if match[1] == "apps":
            app = state.apps[owner]
            _relate_app(state, app, match[3], others, self.recording, exchange)
            for document, other in others if match[3] == "users" else ():
                _in_its_group(state, ids, document, other)
            return
        for _, other in others:
            group, user = (owner, other) if match[1] == "groups" else (other, owner)
            if match[3] not in ("users", "groups") or group is None or user is None:
                continue
            members = state.groups[group].members
            if user not in members:
                members.append(user)

    def _mappings(self, state: OktaState, ids: Ids, app_id: str, exchange: Exchange) -> None:
        """The push mappings of an app that were there before, with the ids they had."""
        app = state.apps.get(ids.known.get(app_id, ""))
        if app is None or exchange.status >= 400:
            return
        known = {mapping.id for mapping in app.mappings} | self.born
        for document in _documents(exchange.response):
            if str(document["id"]) not in known:
                app.mappings.append(_mapping(state, ids, app, document))


def _mapping(state: OktaState, ids: Ids, app: App, document: Document) -> Mapping:
    target = state.groups[ids.known[str(document["targetGroupId"])]]
    target.type, target.app_id = "APP_GROUP", app.id
    return Mapping(
        id=str(document["id"]),
        source_group_id=ids.known[str(document["sourceGroupId"])],
        target_group_id=target.id,
        target_name=target.name,
        status=document.get("status", "ACTIVE"),
        error=document.get("errorSummary"),
        created=str(document.get("created")),
        last_updated=str(document.get("lastUpdated")),
        last_push=document.get("lastPush"),
    )


def _own_group(state: OktaState, ids: Ids, document: Document) -> None:
    """Give an app's own group its app, which the link to its source names."""
    source = ((document.get("_links") or {}).get("source") or {}).get("href", "")
    group = state.groups.get(ids.known.get(str(document.get("id")), ""))
    if source and group is not None:
        app_id = ids.known.get(source.rpartition("/")[2], "")
        group.app_id = app_id or source.rpartition("/")[2]


def _relate_app(
    state: OktaState,
    app: App,
    kind: str,
    others: list[tuple[Document, str | None]],
    recording: Sequence[Exchange],
    exchange: Exchange,
) -> None:
    if kind in ("connections", "features") and isinstance(exchange.response, dict):
        profile = exchange.response.get("profile") or {}
        written = any(
            each.method != "GET"
            and each.path.startswith(exchange.path)
            and each.number < exchange.number
            for each in recording
        )
        if written:
            return
        if kind == "features":
            store_connection(app, "TOKEN", "", "recorded", "")
            app.provisioning.enabled = True
        elif kind_of(app.name).takes_connection and profile.get("authScheme") != "UNKNOWN":
            base = str(exchange.response.get("baseUrl") or "")
            store_connection(app, "TOKEN", base, "recorded", "")
            app.provisioning.enabled = exchange.response.get("status") == "ENABLED"
    for document, other in others:
        if kind == "groups" and other in state.groups:
            if all(assignment.group_id != other for assignment in app.groups):
                priority = int(document.get("priority") or 0)
                app.groups.append(
                    GroupAssignment(
                        group_id=other,
                        priority=priority,
                        profile=document.get("profile") or {},
                        last_updated=now(),
                    )
                )
        elif kind == "users" and other in state.users and other not in app.users:
            _app_user(join(state, app, state.users[other], _scope(document)), document)


def _in_its_group(state: OktaState, ids: Ids, document: Document, user: str | None) -> None:
    """Who is assigned by a group is in it, where no list of its members says so."""
    link = ((document.get("_links") or {}).get("group") or {}).get("href", "")
    group = state.groups.get(ids.known.get(link.rpartition("/")[2], ""))
    if group is not None and user in state.users and user not in group.members:
        group.members.append(user)


def _scope(document: Document) -> Scope:
    return "GROUP" if document.get("scope") == "GROUP" else "USER"


def _app_user(app_user: AppUser, document: Document) -> None:
    """What became of a person's assignment before the recording began."""
    app_user.external_id = document.get("externalId")
    app_user.last_sync = document.get("lastSync")
    if app_user.external_id is not None:
        app_user.missed = False


def _documents(body: object) -> Iterator[Document]:
    for item in body if isinstance(body, list) else [body]:
        if isinstance(item, dict):
            yield item
            embedded = item.get("_embedded")
            if isinstance(embedded, dict) and isinstance(embedded.get("user"), dict):
                yield embedded["user"]


def _named_in(request: object) -> object:
    """The id in a request's body: who is assigned was there before."""
    return request.get("id") if isinstance(request, dict) else None


def _whole(document: Document) -> bool:
    """Whether this is the object itself, and not its assignment to something."""
    return (
        "profile" in document and "priority" not in document and "syncState" not in document
    ) or ("label" in document or "rules" in (document.get("_links") or {}))


def _group(state: OktaState, document: Document) -> Group:
    kind = document.get("type", "OKTA_GROUP")
    if kind == "BUILT_IN" and document["profile"]["name"] == "Everyone":
        return state.everyone
    profile = dict(document.get("profile") or {})
    name, description = profile.pop("name", None), profile.pop("description", None)
    group = state.add_group(str(name or f"Group {len(state.groups)}"), description, kind=kind)
    if kind == "APP_GROUP":  # such a group has the attributes of its app, as of a directory
        group.extra = profile
    return group


def _user(state: OktaState, key: str, document: Document) -> User:
    profile = document.get("profile") or {}
    user = state.add_user(
        str(profile.get("login") or f"{key}@example.com"),
        str(profile.get("email") or f"{key}@example.com"),
        str(profile.get("firstName") or "Given"),
        str(profile.get("lastName") or "Family"),
    )
    named = ("login", "email", "firstName", "lastName")
    user.extra = {name: value for name, value in profile.items() if name not in named}
    shown = document.get("status")
    user.status = cast(UserStatus, shown) if shown in get_args(UserStatus) else "ACTIVE"
    credentials = document.get("credentials") or {}
    user.password = "password" in credentials
    user.recovery_question = (credentials.get("recovery_question") or {}).get("question")
    return user


def _policy(state: OktaState, document: Document) -> Policy:
    policy = Policy(
        id=state.new_id("rst"),
        name=str(document.get("name") or "A policy"),
        description=document.get("description"),
        system=bool(document.get("system")),
        type=str(document.get("type") or "ACCESS_POLICY"),
    )
    state.policies[policy.id] = policy
    return policy


_STATEMENTS: Document = {"attributeStatements": []}


def _settings(kind: CatalogApp, given: Document) -> Document:
    """An app's own settings; of one whose settings the catalogue knows, those and no others."""
    return cast(Document, known_only(dict(kind.settings), given)) if kind.settings else given


def _app(state: OktaState, document: Document) -> App:
    name = str(document.get("name") or "okta_org2org")
    kind, mode = kind_of(name), document.get("signOnMode", "SAML_2_0")
    settings, credentials = document.get("settings") or {}, document.get("credentials") or {}
    catalogue_saml = kind is not OWN and mode == "SAML_2_0"
    common = {"app", "notifications", "manualProvisioning", "implicitAssignment", "emOptInStatus"}
    form = Form(
        credentials={k: v for k, v in credentials.items() if k != "signing"},
        settings={k: v for k, v in settings.items() if k not in common | {"notes"}},
    )
    app = App(
        id=state.new_id("0oa"),
        name=name,
        label=str(document.get("label") or f"App {len(state.apps)}"),
        mode=mode,
        form=None if catalogue_saml else form,
        status=document.get("status", "ACTIVE"),
        created=now(),
        last_updated=now(),
        app_links=(document.get("visibility") or {}).get("appLinks") or {},
        user_name_template={**DEFAULT_TEMPLATE, **(credentials.get("userNameTemplate") or {})},
        settings=_settings(kind, settings.get("app") or {}),
        sign_on={**dict.fromkeys(CATALOG_SIGN_ON), **_STATEMENTS, **(settings.get("signOn") or {})},
        access_policy_id=DEFAULT_ACCESS_POLICY,
    )
    features = document.get("features") or []
    setup = app.provisioning
    setup.enabled = bool(features)
    for name, switch in FEATURES.items():
        setattr(setup, switch, name in features)
    state.apps[app.id] = app
    return app

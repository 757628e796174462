"""Groups and people by name or address, as Okta has them now.

`search` reads an index that is seconds behind (okta-management: "eventually consistent"). `q`
(groups), `filter` (people) and ids are not; what the index alone shows is read again by its id.
"""

import json
from collections.abc import Sequence

from cfscim.config.json_types import JsonObject
from cfscim.vendors.errors import unless_gone
from cfscim.vendors.http import HttpClient
from cfscim.vendors.okta import GROUPS, PAGE, READ_GROUPS, READ_PEOPLE, USERS
from cfscim.vendors.pages import gather, link_pages

LATE = "_late"
"""Beside what Okta shows of a person: true where no search shows it yet."""
# A longer expression would make a longer address than proxies take.
_A_CALL = 30


def groups_named(http: HttpClient, name: str, *, late: float = 0.0) -> list[JsonObject]:
    """The groups of exactly this name. Raises `AnswerError`.

    `q` compares beginnings and shows no more than its limit, without saying so; beyond that the
    index is asked, and where it shows none, once more after `late` seconds.
    """
    query = {"q": name, "limit": str(PAGE)}
    begin = [*link_pages(http, GROUPS, query, needs=READ_GROUPS)]
    exact = [group for group in begin if _name(group) == name]
    if len(begin) < PAGE:
        return exact
    exact += _indexed(http, name, {str(group.get("id")) for group in exact})
    if not exact and late:
        http.sleep(late)
        exact = _indexed(http, name, set())
    return exact


def _indexed(http: HttpClient, name: str, seen: set[str]) -> list[JsonObject]:
    """What the index has of the name, other than `seen`."""
    query = {"search": f"profile.name eq {_quoted(name)}", "limit": str(PAGE)}
    shown = link_pages(http, GROUPS, query, needs=READ_GROUPS)
    groups = [_by_id(http, group) for group in shown if str(group.get("id")) not in seen]
    return [group for group in groups if group is not None and _name(group) == name]


def users_addressed(http: HttpClient, addresses: Sequence[str]) -> list[JsonObject]:
    """Everybody who has one of the addresses, whatever its case, with `LATE` beside what Okta
    shows. Raises `AnswerError`.

    `filter` compares the case too, so that the index is asked as well.
    """
    parts = [addresses[at : at + _A_CALL] for at in range(0, len(addresses), _A_CALL)]
    calls = [
        lambda how=how, part=part: _users(http, how, "profile.email", part)
        for part in parts
        for how in ("filter", "search")
    ]
    answers = gather(calls)
    users = {str(user.get("id")): user for answer in answers[::2] for user in answer}
    indexed = {str(user.get("id")) for answer in answers[1::2] for user in answer}
    late = sorted(indexed - users.keys())
    again = [late[at : at + _A_CALL] for at in range(0, len(late), _A_CALL)]
    calls = [lambda part=part: _users(http, "filter", "id", part) for part in again]
    wanted = {address.casefold() for address in addresses}
    people = [{**user, LATE: key not in indexed} for key, user in users.items()]
    people += [{**user, LATE: False} for answer in gather(calls) for user in answer]
    return [user for user in people if _address(user).casefold() in wanted]


def _users(http: HttpClient, how: str, attribute: str, values: Sequence[str]) -> list[JsonObject]:
    expression = " or ".join(f"{attribute} eq {_quoted(value)}" for value in values)
    query = {how: expression, "limit": str(PAGE)}
    return [*link_pages(http, USERS, query, needs=READ_PEOPLE)]


def _by_id(http: HttpClient, group: JsonObject) -> JsonObject | None:
    path = f"{GROUPS}/{group.get('id')}"
    answer = unless_gone(lambda: http.get(path, needs=READ_GROUPS))
    return answer.body if answer is not None and isinstance(answer.body, dict) else None


def _profile(item: JsonObject, key: str) -> str:
    profile = item.get("profile")
    return str(profile.get(key) or "") if isinstance(profile, dict) else ""


def _name(group: JsonObject) -> str:
    return _profile(group, "name")


def _address(user: JsonObject) -> str:
    return _profile(user, "email") or _profile(user, "login")


def _quoted(text: str) -> str:
    """As Okta's expressions want it."""
    return json.dumps(text, ensure_ascii=False)

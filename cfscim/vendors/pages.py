"""Vendors' answers as typed, frozen values, and the client that reads them; lists in pages, and
several calls at once: both bounded.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import count
from typing import Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from cfscim.config.json_types import Json, JsonObject, inner
from cfscim.vendors.errors import AnswerError
from cfscim.vendors.http import Answer, HttpClient


class Reply(BaseModel):
    """Base of what vendors answer: their camelCase names, ours in Python's way."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


R = TypeVar("R", bound=Reply)


def read(model: type[R], body: Json, where: str) -> R:
    """The body as this type. Raises `AnswerError` ("malformed") naming the field, not its value."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in problem["loc"]) or "the answer"
        raise AnswerError(
            "malformed", where, f"an answer that is not as documented ({field}: {problem['msg']})"
        ) from None


T = TypeVar("T")

_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<]*?\brel="?next"?')


def link_pages(
    http: HttpClient, path: str, query: Mapping[str, str], *, needs: str = "", log: bool = False
) -> Iterator[JsonObject]:
    """Every item of a list that Okta gives in pages (`Link: <…>; rel="next"`).

    `log`: the System Log names a next page for ever; there an empty page is the end.
    """
    answer = http.get(path, query, needs=needs, lists=True)
    for _ in range(http.policy.max_pages):
        items = objects(answer, answer.body)
        yield from items
        match = _NEXT.search(answer.headers.get("link", ""))
        if not match or (log and not items):
            return
        answer = http.get(_own_path(http, match.group(1), answer), needs=needs, lists=True)
    raise _endless(http, answer)


def odata_pages(
    http: HttpClient, path: str, query: Mapping[str, str], *, needs: str = ""
) -> Iterator[JsonObject]:
    """Every item of a list that Microsoft Graph gives in pages (`@odata.nextLink`)."""
    answer = http.get(path, query, needs=needs)
    for _ in range(http.policy.max_pages):
        yield from objects(answer, member(answer, "value"))
        link = member(answer, "@odata.nextLink")
        if not link:
            return
        answer = http.get(_own_path(http, str(link), answer), needs=needs)
    raise _endless(http, answer)


_SCIM_PAGE, _MOST_SCIM_PAGES = 100, 100
_PER_PAGE = 50
"""What Cloudflare puts on a page where more is not asked for at most of its lists."""


def numbered_pages(
    http: HttpClient,
    path: str,
    query: Mapping[str, str],
    *,
    per_page: int = _PER_PAGE,
    needs: str = "",
) -> Iterator[JsonObject]:
    """Every item of a list that Cloudflare gives in pages (`result_info`: by number or cursor)."""
    first = {**query, "per_page": str(per_page)}
    answer = http.get(path, first, needs=needs)
    for number in range(1, http.policy.max_pages + 1):
        items = objects(answer, member(answer, "result"))
        yield from items
        info = member(answer, "result_info")
        info = info if isinstance(info, dict) else {}
        cursors = info.get("cursors")
        cursor = (cursors.get("after") if isinstance(cursors, dict) else None) or info.get("cursor")
        if cursor:
            turn = {"cursor": str(cursor)}
        elif items and _more(info, number, per_page):
            turn = {"page": str(number + 1)}
        else:
            return
        answer = http.get(path, {**first, **turn}, needs=needs)
    raise _endless(http, answer)


def _more(info: Mapping[str, Json], number: int, per_page: int) -> bool:
    pages, total = info.get("total_pages"), info.get("total_count")
    if isinstance(pages, int):
        return number < pages
    if isinstance(total, int):
        size = info.get("per_page")
        return number * (size if isinstance(size, int) and size > 0 else per_page) < total
    return False


def member(answer: Answer, key: str) -> Json:
    """A member of an answer that must be an object. Raises `AnswerError` where it is none."""
    if not isinstance(answer.body, dict):
        raise AnswerError("malformed", answer.where, "an answer that is not an object")
    return answer.body.get(key)


def objects(answer: Answer, value: Json) -> list[JsonObject]:
    """The value as a list of objects; `null` is an empty one. Raises `AnswerError` otherwise."""
    if value is None and answer.body is not None:
        return []
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, dict)]
        if len(items) == len(value):
            return items
    raise AnswerError("malformed", answer.where, "an answer without the list asked for")


def told(answer: Answer, *path: str) -> JsonObject:
    """The object at `path` of an answer; empty where there is none."""
    return inner(answer.body if isinstance(answer.body, dict) else {}, *path)


def text(answer: Answer, *path: str) -> str:
    """The text at `path` of an answer. Raises `AnswerError` where there is none."""
    value: Json = member(answer, path[0])
    for key in path[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise AnswerError("malformed", answer.where, f"an answer without {'.'.join(path)}")
    return value


def scim_pages(
    get: Callable[[Mapping[str, str]], Answer], query: Mapping[str, str]
) -> Iterator[JsonObject]:
    """Every item of a SCIM list, whose pages `get` asks for by the item that begins them (RFC 7644,
    3.4.2.4)."""
    start = 1
    for page in count(1):
        answer = get({**query, "startIndex": str(start), "count": str(_SCIM_PAGE)})
        entries = objects(answer, member(answer, "Resources"))
        yield from entries
        start, total = start + len(entries), member(answer, "totalResults")
        if not entries or not isinstance(total, int) or start > total:
            return
        if page == _MOST_SCIM_PAGES:
            raise AnswerError("malformed", answer.where, "a list that does not end")


class Client(ABC):
    """Reads what one vendor has, signed in; `with` gives the connections back. A vendor's own says
    how lists come in pages, and where in an answer its object is."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def _object(self, answer: Answer) -> Json:
        return answer.body

    @abstractmethod
    def _pages(self, path: str, query: Mapping[str, str], needs: str) -> Iterator[JsonObject]: ...

    def _read(self, model: type[R], path: str, needs: str) -> R:
        """The object at this path. Raises `AnswerError`."""
        answer = self._http.get(path, needs=needs)
        return read(model, self._object(answer), answer.where)

    def _all(
        self, model: type[R], path: str, needs: str, query: Mapping[str, str] | None = None
    ) -> tuple[R, ...]:
        """Everything of the list at this path. Raises `AnswerError`."""
        where = f"{self._http.vendor} GET {path}"
        return tuple(read(model, item, where) for item in self._pages(path, query or {}, needs))


def gather(calls: Sequence[Callable[[], T]], *, limit: int = 4) -> list[T]:
    """The calls' results in their order, at most `limit` under way; the first error is raised."""
    if not calls:
        return []
    with ThreadPoolExecutor(max_workers=min(limit, len(calls))) as pool:
        futures = [pool.submit(call) for call in calls]
        wait(futures, return_when=FIRST_EXCEPTION)
        failed = [f for f in futures if f.done() and not f.cancelled() and f.exception()]
        if failed:
            pool.shutdown(cancel_futures=True)
            failed[0].result()
        return [future.result() for future in futures]


def _own_path(http: HttpClient, link: str, answer: Answer) -> str:
    """The next page's path under the client's base; a link to elsewhere is never followed."""
    ours, theirs = urlsplit(http.base), urlsplit(link)
    same = (theirs.scheme, theirs.netloc) == (ours.scheme, ours.netloc)
    relative = not theirs.scheme and not theirs.netloc
    path = theirs.path + (f"?{theirs.query}" if theirs.query else "")
    if not (same or relative) or not path.startswith(ours.path + "/"):
        raise AnswerError(
            "malformed",
            answer.where,
            f"the next page is said to be at {theirs.hostname or link[:40]}",
            why="credentials would be sent to another place",
        )
    return path.removeprefix(ours.path)


def _endless(http: HttpClient, answer: Answer) -> AnswerError:
    return AnswerError(
        "malformed", answer.where, f"a list of more than {http.policy.max_pages} pages"
    )

"""Holds the sandbox against recorded traffic: a live vendor's answers and the sandbox's own.

A recording is a folder, or a file, of JSON lines or of one JSON list (gzipped or not), each an
exchange: ``source``, ``file`` (one recording; its exchanges are replayed in the order of ``i`` on a
fresh sandbox; left out: the file's name and the line), ``host`` (which vendor; left out: Okta),
``method``, ``path`` (or a whole address), ``query`` (pairs, an object or text), ``request``,
``status``, ``response`` (JSON, or its text). Ids are those of the recording: what is restored keeps
them, the others are mapped by comparing the answers as they come.
"""

import gzip
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from werkzeug.test import Client

from sandbox.server.world import World

Json = object
_NAMED_BY_DATA = (".appLinks", ".permissions")
"""Objects whose keys are data: what stands in them is compared, not what they are called."""
OWN_SOURCE = "cfscim"
"""The source of what the program itself recorded: every call of it is compared."""
# An id of a vendor's; the kid of a key; the name that Okta makes up for an app of one's own.
_ID = re.compile(
    r"(?<![\w-])(?:[0-9A-Za-z]{20}|[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|[\w-]{43}|[a-z0-9-]+_[a-z0-9]+_\d+)(?![\w-])"
)
# … and what stands for one that has no form of its own.
_NAMED = re.compile(rf"{_ID.pattern}|(?<![\w-])text-\d+(?![\w-])")
_STAND_IN = re.compile(r"text-\d+")  # what a recording has where a text was replaced
_WITHOUT_HOST = re.compile(r"^https?://[^/?]*")
_MOST_OTHERS = 20
_ENDINGS = r"\.(jsonl|ndjson)(\.gz)?$"
_GZIPPED = b"\x1f\x8b"
_ANY = "null"
"""The type of a key without a value: it goes with every other type."""


@dataclass(frozen=True)
class Exchange:
    """A recorded request and its answer."""

    source: str
    file: str
    number: int
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    request: Json
    status: int
    response: Json
    host: str = ""
    next_page: str = ""  # the cursor of a next page: of the Link header, or Graph's own

    @classmethod
    def of(cls, line: object, file: str = "", number: int = 0) -> "Exchange":
        """An exchange from its JSON line; `file`, `number`: where it does not say them itself.

        Raises KeyError, TypeError or ValueError.
        """
        if not isinstance(line, Mapping):
            raise TypeError("it is no object")
        address, _, query = _WITHOUT_HOST.sub("", str(line["path"])).partition("?")
        return cls(
            source=str(line.get("source") or ""),
            file=str(line.get("file") or file),
            number=int(str(line.get("i", number))),
            method=str(line["method"]).upper(),
            path="/" + address.lstrip("/"),
            query=(*parse_qsl(query, keep_blank_values=True), *_pairs(line.get("query"))),
            request=_parsed(line.get("request")),
            status=int(str(line["status"]).split()[0]),
            response=_parsed(line.get("response")),
            host=str(line.get("host") or ""),
            next_page=cursor(str(line.get("headers"))) or skip_token(_parsed(line.get("response"))),
        )


@dataclass(frozen=True)
class Accepted:
    """A difference that stays, and why.

    ``call``: a regular expression over the call's name; ``place``: one over a line of difference;
    ``today``: a tenant of today shows it too, so that it is none in what the program recorded;
    ``further``: met in further public recordings, and not in those that the tests replay.
    """

    call: str
    place: str
    reason: str
    today: bool = False
    further: bool = False

    def covers(self, call: str, difference: str) -> bool:
        """Whether this difference of this call is the accepted one."""
        return bool(re.fullmatch(self.call, call) and re.fullmatch(self.place, difference))


@dataclass
class Figures:
    """How the replayed exchanges compare, by call; ``differences`` has those not accepted.

    ``others``: calls that are not compared: nothing of ours makes them, or the answer says nothing.
    """

    exchanges: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)  # equal, or different as accepted
    accepted: Counter[Accepted] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """A table by call, then each accepted difference with how often it was met."""
        width = max(map(len, self.exchanges), default=4)
        yield f"{'call':{width}}  exchanges  status equal  shape equal  or accepted"
        for call in sorted(self.exchanges):
            yield (
                f"{call:{width}}  {self.exchanges[call]:9}  {self.statuses[call]:12}"
                f"  {self.shapes[call]:11}  {self.settled[call]:11}"
            )
        counters = (self.exchanges, self.statuses, self.shapes, self.settled)
        totals = [counts.total() for counts in counters]
        yield f"{'all':{width}}  {totals[0]:9}  {totals[1]:12}  {totals[2]:11}  {totals[3]:11}"
        for accepted, times in self.accepted.most_common():
            yield f"accepted {times} times: {accepted.reason}"
        if self.others:
            yield f"not compared: {self.others.total()} exchanges of {len(self.others)} calls"
        for call, times in self.others.most_common(_MOST_OTHERS):
            yield f"  {times:9}  {call}"

    def leave_out(self, exchange: Exchange) -> None:
        """Count a call that is not compared, ids left out."""
        self.others[f"{exchange.method} {_ID.sub('{id}', exchange.path)}"] += 1


@dataclass
class Answer:
    """What the sandbox answered: status and parsed body (None where it is no JSON)."""

    status: int
    body: Json
    next_page: str = ""


@dataclass
class Ids:
    """The recording's ids and the sandbox's, learnt from answers to the same request."""

    known: dict[str, str] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A text with every known id replaced."""
        return _NAMED.sub(lambda match: self.known.get(match[0], match[0]), text)

    def body(self, body: Json) -> Json:
        """A JSON value with every known id replaced."""
        if isinstance(body, dict):
            return {key: self.body(value) for key, value in body.items()}
        if isinstance(body, list):
            return [self.body(item) for item in body]
        return self.text(body) if isinstance(body, str) else body

    def learn(self, recorded: Json, ours: Json) -> None:
        """Compare two answers place by place, and keep each pair of ids."""
        if isinstance(recorded, dict) and isinstance(ours, dict):
            for key in recorded.keys() & ours.keys():
                self.learn(recorded[key], ours[key])
        elif isinstance(recorded, list) and isinstance(ours, list):
            for theirs, mine in self._paired(recorded, ours):
                self.learn(theirs, mine)
        elif isinstance(recorded, str) and isinstance(ours, str) and recorded not in self.known:
            self._learn_text(recorded, ours)

    def _learn_text(self, recorded: str, ours: str) -> None:
        if _ID.fullmatch(recorded):
            self.known[recorded] = ours

    def _paired(self, recorded: list[Json], ours: list[Json]) -> Iterable[tuple[Json, Json]]:
        if not all(isinstance(item, dict) and "id" in item for item in (*recorded, *ours)):
            return zip(recorded, ours, strict=False)
        mine = {str(item["id"]): item for item in ours if isinstance(item, dict)}
        return [
            (item, mine[self.known[str(item["id"])]])
            for item in recorded
            if isinstance(item, dict) and self.known.get(str(item["id"])) in mine
        ]


def known_only(own: Json, recorded: Json) -> Json:
    """What was recorded, with the sandbox's own keys and no others: else nothing could differ."""
    if isinstance(own, dict) and isinstance(recorded, dict):
        return {key: known_only(value, recorded.get(key, value)) for key, value in own.items()}
    if isinstance(own, list) and own and isinstance(recorded, list):
        return [known_only(own[0], item) for item in recorded]
    return recorded


@contextmanager
def as_far_as_shown() -> Iterator[None]:
    """Around one document of the past: what it does not tell is not restored, and differs."""
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        yield


class Vendor(Protocol):
    """How exchanges with one vendor are replayed; each vendor's ``recorded.py`` is one."""

    ACCEPTED: tuple[Accepted, ...]

    def build(self, world: World, recording: Sequence[Exchange], ids: Ids) -> None:
        """Make what must have been there before, as far as the answers show it."""
        ...

    def call_of(self, exchange: Exchange) -> str | None:
        """The call's name, ids left out; None where it is not compared."""
        ...

    def signed(self, world: World, exchange: Exchange) -> Mapping[str, str]:
        """The headers of a caller who has the rights that the answer shows."""
        ...

    def body(self, exchange: Exchange, ids: Ids) -> Mapping[str, Any]:
        """The request's body as an argument of werkzeug's client."""
        ...


def json_body(exchange: Exchange, ids: Ids) -> Mapping[str, Any]:
    """The recorded JSON body with every known id replaced."""
    return {} if exchange.request is None else {"json": ids.body(exchange.request)}


def send(client: Client, world: World, vendor: Vendor, exchange: Exchange, ids: Ids) -> Answer:
    """The sandbox's answer to a recorded request."""
    response = client.open(
        ids.text(exchange.path),
        method=exchange.method,
        query_string=[
            (key, ids.known.get(value) or ids.text(value)) for key, value in exchange.query
        ],
        headers=dict(vendor.signed(world, exchange)),
        **vendor.body(exchange, ids),
    )
    try:
        parsed = json.loads(response.data) if response.data else None
    except ValueError:
        parsed = None
    after = cursor(str(response.headers)) or skip_token(parsed)
    return Answer(response.status_code, parsed, after)


def cursor(headers: str) -> str:
    """The cursor ``after`` in a Link header's address of the next page; empty without one."""
    match = re.search(r"[?&]after=([^&>\"']+)[^>]*>; *rel=\\?\"next", headers)
    return match[1] if match else ""


def skip_token(body: Json) -> str:
    """The cursor ``$skiptoken`` in Graph's address of the next page; empty without one."""
    link = body.get("@odata.nextLink") if isinstance(body, dict) else None
    pairs = parse_qsl(urlsplit(str(link or "")).query)
    return dict(pairs).get("$skiptoken", "")


def load(place: Path) -> list[Exchange]:
    """The exchanges of a file, or of every one of a folder and those in it that has a known ending.

    Raises OSError, or ValueError naming file and line for what is no exchange.
    """
    exchanges = []
    for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
        if path == place or (path.is_file() and re.search(_ENDINGS, path.name)):
            exchanges += _of_file(path)
    return exchanges


def _of_file(path: Path) -> Iterator[Exchange]:
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if data.startswith(_GZIPPED) else data).decode()
        whole = json.loads(text) if text.lstrip().startswith("[") else None
    except (EOFError, zlib.error, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: it cannot be read ({error})") from error
    lines = text.splitlines() if whole is None else whole
    for number, line in enumerate(lines, 1):
        if isinstance(line, str) and not line.strip():
            continue
        try:
            given = json.loads(line) if whole is None else line
            yield Exchange.of(given, path.name, number)
        except (KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
            raise ValueError(f"{path}:{number}: this line is no exchange ({error})") from error


def recordings(exchanges: Iterable[Exchange]) -> Iterator[list[Exchange]]:
    """The exchanges of each recording, in their order."""
    files: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        files[exchange.source, exchange.file].append(exchange)
    for key in files:
        yield sorted(files[key], key=lambda exchange: exchange.number)


def shape(body: Json) -> dict[str, set[str]]:
    """Every place of a JSON value (``.profile.name``, ``[].id``) with the types met there."""
    places: dict[str, set[str]] = defaultdict(set)
    _walk(places, body, "")
    return places


def _walk(places: dict[str, set[str]], body: Json, place: str) -> None:
    if isinstance(body, dict):
        places[place].add("object")
        by_data = place.endswith(_NAMED_BY_DATA)
        for key, value in body.items():
            _walk(places, value, f"{place}.*" if by_data else f"{place}.{key}")
    elif isinstance(body, list):
        places[place].add("list")
        for item in body:
            _walk(places, item, f"{place}[]")
    else:
        places[place].add(_type(body))


def differences(recorded: Json, ours: Json) -> list[str]:
    """One line for each place whose type differs, or that only one of the two has."""
    theirs, mine = shape(recorded), shape(ours)
    lines = []
    for place in sorted(theirs.keys() | mine.keys()):
        if _parent_differs(place, theirs, mine):
            continue
        expected, right = theirs.get(place), mine.get(place)
        if expected is None or right is None:
            lines.append(f"{place}: {'missing' if right is None else 'too much'}")
        elif not (expected & right or _ANY in expected | right):
            lines.append(f"{place}: {_names(right)}, recorded {_names(expected)}")
    return lines


def compare(
    figures: Figures, call: str, exchange: Exchange, answer: Answer, accepted: Sequence[Accepted]
) -> None:
    """Count an exchange, and keep what differs and is not accepted."""
    figures.exchanges[call] += 1
    lines = []
    if answer.status != exchange.status:
        lines.append(f"status {answer.status}, recorded {exchange.status}")
    else:
        code, recorded = _code(answer.body), _code(exchange.response)
        if code != recorded and not _STAND_IN.fullmatch(str(recorded)):
            lines.append(f"error {code}, recorded {recorded}")
        if exchange.response is not None and not isinstance(exchange.response, str):
            lines += differences(exchange.response, answer.body)
    kept = []
    for line in lines:
        reason = next((each for each in accepted if each.covers(call, line)), None)
        if reason is None:
            kept.append(line)
        else:
            figures.accepted[reason] += 1
    if not any(line.startswith("status") for line in lines):
        figures.statuses[call] += 1
    if not lines:
        figures.shapes[call] += 1
    if not kept:
        figures.settled[call] += 1
    at = f"{exchange.source} {exchange.file} {exchange.number} {exchange.method} {exchange.path}"
    figures.differences += [f"{at}: {line}" for line in kept]


def _pairs(query: object) -> Iterator[tuple[str, str]]:
    """Pairs; those of an object, where one key may have several; those of a text."""
    if isinstance(query, str):
        yield from parse_qsl(query.removeprefix("?"), keep_blank_values=True)
        return
    pairs = query.items() if isinstance(query, Mapping) else query or ()
    for key, value in cast(Iterable[tuple[object, object]], pairs):
        for each in value if isinstance(value, list) else [value]:
            yield str(key), str(each)


def _parsed(body: Json) -> Json:
    """A body that a recorder kept as text."""
    if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
        with suppress(ValueError):
            return json.loads(body)
    return body


def _parent_differs(
    place: str, theirs: Mapping[str, set[str]], mine: Mapping[str, set[str]]
) -> bool:
    if not place:
        return False
    parent = place[:-2] if place.endswith("[]") else place.rpartition(".")[0]
    while parent not in theirs and parent not in mine:  # a key with a dot in it, as @odata.context
        parent = parent.rpartition(".")[0]
    return theirs.get(parent) is None or mine.get(parent) is None or _none(theirs, mine, parent)


def _none(theirs: Mapping[str, set[str]], mine: Mapping[str, set[str]], place: str) -> bool:
    return (_ANY in theirs[place] and len(theirs[place]) == 1) or mine[place] == {_ANY}


def _type(value: Json) -> str:
    if value is None:
        return _ANY
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def _names(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _code(body: Json) -> object:
    """What an answer calls its error: Okta's, Cloudflare's, Graph's or SCIM's own key."""
    if not isinstance(body, dict):
        return None
    for place in ("error", "errors"):
        inner = body.get(place)
        first = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(first, dict):
            return first.get("code")
    return body.get("errorCode") or body.get("scimType")

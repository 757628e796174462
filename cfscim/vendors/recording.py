"""Exchanges with a vendor written down, so that a sandbox can be held against a real tenant.

Nothing reaches the disk as it was: a text is kept only where it is a word of the vendors' own
(`vocabulary.txt`), a date or a small number; every id, address, name, secret and free text is
replaced, the same text by the same stand-in throughout a recording. Request headers are not
recorded at all. The form is one JSON object a line: source, file, i, method, host, path, query,
request, status, headers, response.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cfscim.config.json_types import Json
from cfscim.config.messages import MissingError
from cfscim.config.provider_settings import GUID
from cfscim.vendors.retries import QUOTA_LEFT, QUOTA_RESET, RETRY_AFTER

_KEPT_HEADERS = ("content-type", "link", RETRY_AFTER, "x-rate-limit-limit", QUOTA_LEFT, QUOTA_RESET)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?")
# A day alone may be somebody's birthday.
_DAY, _SOME_DAY = re.compile(r"\d{4}-\d\d-\d\d"), "2001-01-01"
_DURATION = re.compile(r"P(T?\d{1,4}[DHMS]){1,4}")
# A longer number may be a personnel number, a postal code, or a part of a telephone number.
_SMALL = re.compile(r"\d{1,4}(\.\d{1,3})?")
_ERROR = re.compile(r"E\d{7}")  # Okta's error codes
_HEX = re.compile(r"[0-9a-f]{32}")
_OKTA_ID = re.compile(r"(00[ugtoprsx]|0o[a-z]|gPm|rst|rul|aln|otp)[0-9A-Za-z]{17}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_RESOURCE = re.compile(r"(com\.cloudflare\.(?:api|edge)(?:\.[a-z]+){1,4})\.([0-9a-f]{32}|\*)")
_VIRTUAL_GROUP = re.compile(r"CF-([0-9a-f]{32}) - (.+)")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^']|'')*)'")
_LINK = re.compile(r"<([^<>]*)>\s*;[^,<]*?\brel=\"?(\w+)\"?")
_TOKEN = re.compile(r"[\w.$@:-]+")
_LARGEST = 10**4
_EXPRESSIONS = ("filter", "search", "$filter", "$search")


@cache
def vocabulary() -> frozenset[str]:
    """The words that the vendors' own descriptions use: names of members and fixed values."""
    text = resources.files("cfscim.vendors").joinpath("vocabulary.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("# "))


class StandIns:
    """Replaces every text that is not the vendors' own; equal texts get equal stand-ins."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def json(self, value: Json) -> Json:
        """The value with every key and text replaced where it has to be; its shape stays."""
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value if abs(value) < _LARGEST else _LARGEST
        return value

    def text(self, text: str) -> str:
        """A text as it may be written down."""
        if not text or text in vocabulary():
            return text
        if any(form.fullmatch(text) for form in (_MOMENT, _DURATION, _SMALL, _ERROR)):
            return text
        if _DAY.fullmatch(text):
            return _SOME_DAY
        if match := _VIRTUAL_GROUP.fullmatch(text):
            return f"CF-{self.text(match[1])} - {self.text(match[2])}"
        if match := _RESOURCE.fullmatch(text):
            return f"{match[1]}.{match[2] if match[2] == '*' else self.text(match[2])}"
        if text.startswith(("http://", "https://")):
            return self.url(text)
        if text[:1] in "{[" and (inner := _json(text)) is not None:
            return json.dumps(self.json(inner), ensure_ascii=True, separators=(",", ":"))
        return self._stand_in(text)

    def url(self, text: str) -> str:
        """An address: its host replaced, its path and query word by word."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return self._stand_in(text)
        host = (parts.hostname or "").lower()
        if host not in vocabulary():
            host = f"{self._stand_in(host)}.example"
        query = self.query(parse_qsl(parts.query, keep_blank_values=True))
        tail = "&".join(f"{quote(key)}={quote(value)}" for key, value in query)
        return f"{parts.scheme}://{host}{self.path(parts.path)}{'?' if tail else ''}{tail}"

    def path(self, path: str) -> str:
        """A path, segment by segment."""
        return "/".join(quote(self.text(unquote(part)), safe="@$:.-_") for part in path.split("/"))

    def query(self, items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Names and values of a query; inside a filter what is quoted is a value of its own."""
        return [
            (
                self.text(key),
                self._expression(value) if key in _EXPRESSIONS else self._listed(value),
            )
            for key, value in items
        ]

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The answer's headers that tell about paging and limits, and no other."""
        kept: dict[str, str] = {}
        for name in _KEPT_HEADERS:
            value = headers.get(name, "")
            if not value:
                continue
            if name == "link":
                links = _LINK.findall(value)
                kept[name] = ", ".join(
                    f'<{self.url(url)}>; rel="{self.text(rel)}"' for url, rel in links
                )
            elif name == "content-type":
                kept[name] = self.text(value.partition(";")[0].strip().lower())
            else:
                kept[name] = self.text(value)
        return kept

    def _listed(self, value: str) -> str:
        """A value, or several of the vendors' words with commas between them."""
        words = value.split(",")
        return value if all(word in vocabulary() for word in words) else self.text(value)

    def _expression(self, value: str) -> str:
        result, at = "", 0
        for quoted in _QUOTED.finditer(value):
            result += self._words(value[at : quoted.start()])
            mark, inner = quoted[0][0], quoted[0][1:-1]
            result += f"{mark}{self.text(inner)}{mark}"
            at = quoted.end()
        return result + self._words(value[at:])

    def _words(self, text: str) -> str:
        parts: list[str] = []
        at = 0
        for word in _TOKEN.finditer(text):
            parts += [_marks(text[at : word.start()]), self._attribute(word[0])]
            at = word.end()
        return "".join([*parts, _marks(text[at:])])

    def _attribute(self, text: str) -> str:
        """A word of an expression; a path of the vendors' own words stays, as in profile.name."""
        parts = text.split(".")
        return text if all(part in vocabulary() for part in parts) else self.text(text)

    def _stand_in(self, text: str) -> str:
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._new(text)
        return known

    def _new(self, text: str) -> str:
        if GUID.fullmatch(text):
            return f"00000000-0000-4000-8000-{self._next('uuid'):012x}"
        if _HEX.fullmatch(text):
            return f"{self._next('hex'):032x}"
        if match := _OKTA_ID.fullmatch(text):
            return f"{match[1]}{self._next(match[1]):017d}"
        if _EMAIL.fullmatch(text):
            return f"person-{self._next('person')}@example.com"
        # As wide as each other: no stand-in is the beginning of another, as names need not be.
        return f"text-{self._next('text'):05d}"

    def _next(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]


def _marks(text: str) -> str:
    """What stands between words: brackets, commas and blanks; anything else is left out."""
    return "".join(char for char in text if char in " (),[]/=<>!")


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class Recorder:
    """Writes exchanges below a folder, a file a vendor. Safe to share between threads."""

    def __init__(self, folder: Path, about: str) -> None:
        self.folder = folder
        self.count = 0
        self._stand_ins = StandIns()
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._about = _unused(folder, about)
        except OSError as error:
            raise MissingError(
                f"--record {folder}",
                f"the folder cannot be used ({error.strerror})",
                "nothing can be recorded",
                "name a folder that you may write to",
            ) from None

    def write(
        self,
        vendor: str,
        method: str,
        url: str,
        query: Mapping[str, str],
        request: Json,
        status: int,
        headers: Mapping[str, str],
        content: bytes,
    ) -> None:
        """Adds one exchange. `url` is the whole address, `content` the answer's body as it came."""
        parts = urlsplit(url)
        items = [*parse_qsl(parts.query, keep_blank_values=True), *query.items()]
        try:
            response: Json = json.loads(content) if content.strip() else None
        except (ValueError, RecursionError):
            response = None
        with self._lock:
            row = {
                "source": "cfscim",
                "file": self._about,
                "i": self.count,
                "method": method,
                "host": f"{vendor.lower().replace(' ', '-')}-00",
                "path": self._stand_ins.path(parts.path),
                "query": self._stand_ins.query(items),
                "request": self._stand_ins.json(request),
                "status": status,
                "headers": self._stand_ins.headers(headers),
                "response": self._stand_ins.json(response),
            }
            self.count += 1
            file = self.folder / f"{vendor.lower().replace(' ', '-')}.jsonl"
            line = json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n"
            with open(file, "a", encoding="ascii", opener=_private) as out:
                out.write(line)


def _unused(folder: Path, about: str) -> str:
    """`about`, numbered where the folder has a recording of this name: ids begin anew in each."""
    taken: set[str] = set()
    for file in folder.glob("*.jsonl"):
        for line in file.read_text("ascii", "replace").splitlines():
            row = _json(line)
            taken |= {str(row.get("file"))} if isinstance(row, dict) else set()
    names = (about, *(f"{about}-{number}" for number in range(2, len(taken) + 2)))
    return next((name for name in names if name not in taken), about)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


_active: list[Recorder] = []


def active() -> Recorder | None:
    """The recorder of the command under way, if it records."""
    return _active[-1] if _active else None


@contextmanager
def recorded(folder: Path | None, about: str) -> Iterator[Recorder | None]:
    """Records every exchange of the block below `folder`; does nothing without one.

    `about` names the command and stands in every line. Raises `MissingError` where the folder
    cannot be written.
    """
    if folder is None:
        yield None
        return
    recorder = Recorder(folder, about)
    _active.append(recorder)
    try:
        yield recorder
    finally:
        _active.remove(recorder)
        print(
            f"{recorder.count} exchanges written to {folder}; read docs/recordings.md before you "
            "send them to anybody",
            file=sys.stderr,
        )

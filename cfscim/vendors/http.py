"""The one HTTP client for everything that is not a provider: bounded, careful, and silent on
secrets."""

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self, TypeVar
from urllib.parse import urlsplit

import httpx

from cfscim.config.json_types import Json
from cfscim.config.messages import MissingError
from cfscim.vendors.errors import AnswerError, UnreachableError, kind_of, vendor_code, vendor_says
from cfscim.vendors.recording import active
from cfscim.vendors.retries import (
    SET_CLOCK,
    Policy,
    clock_off,
    delay,
    may_repeat,
    note_silent,
    patience,
    quota_over,
    retry_after,
    silent,
    time_left,
)
from cfscim.vendors.secrets import mask
from cfscim.vendors.within import OverdueError, within

T = TypeVar("T")


def _anonymous(_method: str, _url: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Call:
    """One request: where it goes, what may be repeated, and what to tell a person if it fails.

    `path` begins with a slash and is appended to the client's base. `needs` is the permission
    without which the vendor answers 403. `repeatable` marks a POST that does no harm twice.
    `lists`: the answer is a list of objects; otherwise it is an object, or nothing for a write.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    form: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    why: str = ""
    instead: str = ""
    repeatable: bool | None = None
    lists: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back: a 2xx status, headers with lower-case names, and the parsed body."""

    where: str
    status: int
    headers: Mapping[str, str]
    body: Json


_SLICE = 1024


class _Sliced(httpx.SyncByteStream):
    """A stream in small parts: packed, each may be a thousand times as large before it is seen."""

    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for part in self._stream:
            for start in range(0, len(part), _SLICE):
                yield part[start : start + _SLICE]

    def close(self) -> None:
        """Closes the stream itself."""
        self._stream.close()


class HttpClient:
    """Sends calls to one vendor. Safe to share between threads; close it, or use `with`.

    `authorize` gives the headers that sign a request, from its method and address.
    `credentials` says in errors where they come from. `clock_off`: words about this machine's
    clock where the last answer's date is another. Time is injectable for tests.
    """

    def __init__(
        self,
        vendor: str,
        base: str,
        client: httpx.Client,
        *,
        authorize: Callable[[str, str], Mapping[str, str]] = _anonymous,
        credentials: str = "",
        policy: Policy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.vendor = vendor
        self.base = base
        self.policy = policy or Policy()
        self.sleep = sleep
        self.clock_off = ""
        self._client = client
        self._authorize = authorize
        self._credentials = credentials
        self._clock = clock
        self._now = now
        self._slots = threading.BoundedSemaphore(self.policy.parallel)
        self._quota_over: dict[str, float] = {}
        self._secrets: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def signed_headers(self) -> Mapping[str, str]:
        """The headers that sign a request: what an access token says of its own rights is read
        from them. Raises `AnswerError` or `MissingError` where the sign-in fails."""
        return self._authorize("GET", self.base)

    def _require_sendable(self, headers: Mapping[str, str]) -> None:
        """Raises `MissingError` for a credential that no HTTP header can carry."""
        if not all(value.isascii() and value.isprintable() for value in headers.values()):
            raise MissingError(
                f"{self.vendor}: {self._credentials or 'the credential'}",
                "it holds a character outside ASCII, or one that cannot be seen",
                "no request can carry it, so it was copied wrongly",
                "copy it anew, without quotes, spaces and line ends",
            )

    def close(self) -> None:
        """Gives the connections back."""
        self._client.close()

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        needs: str = "",
        lists: bool = False,
    ) -> Answer:
        """`send` for the commonest call."""
        return self.send(Call("GET", path, query or {}, needs=needs, lists=lists))

    def send(self, call: Call) -> Answer:
        """The vendor's answer, after as many attempts as are safe and within the policy's limits.

        Raises `AnswerError` (a `RemoteError`), or `UnreachableError` where nothing answers.
        """
        if known := silent(self.base):
            raise UnreachableError("unreachable", self._where(call), known)
        begun, waited, attempt = self._clock(), self._await_quota(call), 0
        while True:
            attempt += 1
            seconds = min(self.policy.total - (self._clock() - begun), time_left())
            if time_left() <= 0:
                raise self._out_of_time(call)
            try:
                return self._attempt(call, seconds)
            except AnswerError as error:
                pause = delay(error, attempt, self.policy)
                spent = self._clock() - begun
                seconds = min(self.policy.total - spent, time_left())
                if error.kind == "unreachable":
                    seconds = min(seconds, patience() - spent)
                if (
                    attempt >= self.policy.attempts
                    or not may_repeat(error, call.method, call.repeatable)
                    or waited + pause > self.policy.longest_wait
                    or pause >= seconds
                ):
                    if error.kind == "unreachable" and not error.sent:
                        note_silent(self.base, error.message.what)
                    raise
            self.sleep(pause)
            waited += pause

    def hide(self, secret: str) -> None:
        """Adds a text that no error may ever repeat."""
        self._secrets.add(secret)

    def _where(self, call: Call) -> str:
        return f"{self.vendor} {call.method} {mask(urlsplit(call.path or self.base).path)}"

    def _attempt(self, call: Call, seconds: float) -> Answer:
        where = self._where(call)
        with self._slots, self._network_errors(where, call):
            headers = self._authorize(call.method, self.base + call.path)
            self._require_sendable(headers)
            self._secrets |= {word for value in headers.values() for word in value.split()[-1:]}
            read = max(0.1, min(self.policy.read, seconds))
            deadline = self._clock() + max(0.1, seconds)
            response, content = in_time(
                max(0.1, seconds),
                where,
                lambda: self._exchange(call, headers, read, where, deadline),
            )
        answered = {name.lower(): value for name, value in response.headers.items()}
        if (recorder := active()) is not None:
            recorder.write(
                *(self.vendor, call.method, self.base + call.path, call.query),
                *(call.body if call.form is None else None, response.status_code),
                *(answered, content),
            )
        self._note_quota(call, answered)
        self.clock_off = clock_off(answered, self._now())
        if not response.is_success:
            raise self._refusal(response.status_code, answered, content, where, call)
        return Answer(where, response.status_code, answered, self._parsed(content, where, call))

    def _out_of_time(self, call: Call) -> AnswerError:
        return AnswerError(
            "timeout",
            self._where(call),
            "not reached within the time of the whole run",
            why="nothing is known about it",
            instead="run again; look at the vendor's status page where it stays slow",
            sent=False,
        )

    def _exchange(
        self, call: Call, headers: Mapping[str, str], read: float, where: str, deadline: float
    ) -> tuple[httpx.Response, bytes]:
        with self._client.stream(
            call.method,
            self.base + call.path,
            params=call.query or None,
            json=call.body if call.form is None and call.body is not None else None,
            data=call.form,
            headers={**headers, **call.headers},
            timeout=httpx.Timeout(read, connect=min(self.policy.connect, read, patience())),
        ) as response:
            return response, self._read(response, where, deadline)

    def _read(self, response: httpx.Response, where: str, deadline: float) -> bytes:
        if "," in response.headers.get("content-encoding", ""):
            # Each further layer may unfold a thousandfold before its size can be seen.
            raise AnswerError("malformed", where, "an answer that is packed more than once")
        if not response.is_stream_consumed and isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Sliced(response.stream)
        parts: list[bytes] = []
        size = 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self.policy.max_bytes:
                raise AnswerError(
                    "malformed",
                    where,
                    f"an answer of more than {self.policy.max_bytes} bytes",
                    status=response.status_code,
                )
            if self._clock() > deadline:
                raise AnswerError("timeout", where, "the answer took too long to arrive")
            parts.append(part)
        return b"".join(parts)

    def _parsed(self, content: bytes, where: str, call: Call) -> Json:
        what = "an answer that is not JSON"
        try:
            body: Json = json.loads(content) if content.strip() else None
        except (ValueError, RecursionError):
            raise AnswerError("malformed", where, what, why=call.why) from None
        if call.lists:
            what = "an answer that is not a list of objects"
            fits = isinstance(body, list) and all(isinstance(item, dict) for item in body)
        else:
            what = "an answer that is not an object"
            fits = isinstance(body, dict) or (body is None and call.method != "GET")
        if not fits:
            raise AnswerError("malformed", where, what, why=call.why)
        return body

    def _refusal(
        self, status: int, headers: Mapping[str, str], content: bytes, where: str, call: Call
    ) -> AnswerError:
        try:
            body: Json = json.loads(content)
        except (ValueError, RecursionError):
            body = None
        kind = kind_of(status)
        says = vendor_says(body, self._secrets)
        answer = f"answered {status}" + (f', "{says}"' if says else "")
        instead = call.instead
        if 300 <= status < 400:
            host = urlsplit(headers.get("location", "")).hostname or "another address"
            answer += f" to {host}, which is not followed with credentials"
        elif status in (400, 401) and self.clock_off:
            answer += f", and {self.clock_off}"
            instead = SET_CLOCK
        elif kind == "forbidden" and call.needs:
            instead = f"grant {call.needs} (docs/permissions.md)"
        elif kind == "unauthorized" and self._credentials:
            instead = instead or f"check {self._credentials}"
        return AnswerError(
            kind,
            where,
            answer,
            why=call.why,
            instead=instead,
            status=status,
            retry_after=retry_after(headers, self._now()),
            code=vendor_code(body),
            says=says,
            headers=headers,
            secrets=self._secrets,
        )

    @contextmanager
    def _network_errors(self, where: str, call: Call) -> Iterator[None]:
        """Turns what httpx raises into one line, and notes whether anything was sent."""
        host = urlsplit(self.base).netloc.rpartition("@")[2]
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            untrusted = _caused_by(error, ssl.SSLCertVerificationError)
            raise UnreachableError.of(where, host, untrusted=untrusted) from None
        except httpx.PoolTimeout:
            raise AnswerError("timeout", where, "no connection was free", sent=False) from None
        except httpx.TimeoutException:
            raise AnswerError("timeout", where, "no answer in time", why=call.why) from None
        except (httpx.TransportError, httpx.DecodingError, httpx.StreamError):
            raise AnswerError(
                "unavailable", where, "the connection broke off", why=call.why
            ) from None

    def _await_quota(self, call: Call) -> float:
        over = self._quota_over.get(_family(call.path), 0.0) - self._now()
        if not 0 < over <= self.policy.longest_wait:
            return 0.0
        self.sleep(over)
        return over

    def _note_quota(self, call: Call, headers: Mapping[str, str]) -> None:
        # Okta counts by the beginning of the path; at zero the next call would only be refused.
        over = quota_over(headers, self._now())
        if over is not None:
            self._quota_over[_family(call.path)] = self._now() + over


def in_time(seconds: float, where: str, work: Callable[[], T]) -> T:
    """What `work` returns or raises, or an `AnswerError` ("timeout") after `seconds`."""
    try:
        return within(seconds, work)
    except OverdueError:
        raise AnswerError("timeout", where, "no whole answer in time") from None


def _family(path: str) -> str:
    return "/".join(urlsplit(path).path.split("/")[:4])


def _caused_by(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False

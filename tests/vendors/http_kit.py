"""What the tests of the HTTP client share: a scripted vendor and a clock that only sleep moves."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from cfscim.vendors.http import HttpClient
from cfscim.vendors.retries import Policy

BASE = "https://vendor.example"
Step = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def reply(status: int = 200, body: object = None, **headers: str) -> httpx.Response:
    """An answer with a JSON body; header names with _ for -."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body if body is not None else {}, headers=names)


@dataclass
class Clock:
    """Time that moves by sleeping only."""

    now: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


class Vendor(httpx.BaseTransport):
    """Answers with the scripted steps in turn, the last one for ever; remembers the requests."""

    def __init__(self, *steps: Step) -> None:
        self._steps: Iterator[Step] = iter(steps)
        self._step: Step = steps[0]
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        self._step = next(self._steps, self._step)
        if isinstance(self._step, Exception):
            raise self._step
        if isinstance(self._step, httpx.Response):
            # A response is read once; the last step may be asked for again.
            done = self._step
            return httpx.Response(done.status_code, headers=done.headers, content=done.content)
        return self._step(request)

    def bodies(self) -> list[object]:
        """The JSON bodies received."""
        return [json.loads(request.content) for request in self.requests]

    @property
    def paths(self) -> list[str]:
        """The targets asked for."""
        return [request.url.raw_path.decode() for request in self.requests]


def client(
    vendor: httpx.BaseTransport,
    clock: Clock | None = None,
    *,
    policy: Policy | None = None,
    headers: Mapping[str, str] | None = None,
    base: str = BASE,
) -> HttpClient:
    """A client of the scripted vendor, signed with the given headers."""
    clock = clock or Clock()
    return HttpClient(
        "Vendor",
        base,
        httpx.Client(transport=vendor),
        authorize=lambda _method, _url: headers or {},
        credentials="VENDOR_TOKEN",
        policy=policy,
        sleep=clock.sleep,
        clock=clock,
        now=clock,
    )

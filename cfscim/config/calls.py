"""The calls to vendors that an update makes, by what the vendors count together.

Seen of the providers in `.pulumi.version` and `components/sdk.py` with an engine on the sandbox;
limits from developers.cloudflare.com/fundamentals/api/reference/limits,
developer.okta.com/docs/reference/rl-global-mgmt (Workforce Identity; half of it for one token) and
learn.microsoft.com/graph/throttling-limits (the smallest tenant). A test compares.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cfscim.config import kinds
from cfscim.config.json_types import Json

LEAVING = "-leaving"
"""Ends the name of what a gate of Okta's checks while a stack leaves Okta."""
When = Literal["made", "refreshed"]
Asked = tuple[str, Mapping[str, Json]]
"""A resource or a look-up: its type or token, and its inputs."""


@dataclass(frozen=True)
class Bucket:
    """What a vendor counts together: `allowed` calls of one token in so many `seconds`."""

    vendor: str
    name: str
    allowed: int
    seconds: int


OKTA_APPS, OKTA_GROUPS, OKTA_USERS = "/api/v1/apps", "/api/v1/groups", "/api/v1/users"
"""Where Okta's management API has them; it counts by how a path begins."""
OKTA_PAGE = 200
"""Groups, members or assignments that one answer of Okta's holds at most."""

BUCKETS: Mapping[str, Bucket] = {
    "cloudflare": Bucket("Cloudflare", "all of one user", 1200, 300),
    "okta app": Bucket("Okta", f"{OKTA_APPS}/{{id}}", 250, 60),
    "okta apps": Bucket("Okta", OKTA_APPS, 50, 60),
    "okta group": Bucket("Okta", f"{OKTA_GROUPS}/{{id}}", 500, 60),
    "okta groups": Bucket("Okta", OKTA_GROUPS, 250, 60),
    "okta users": Bucket("Okta", OKTA_USERS, 300, 60),
    "okta user": Bucket("Okta", f"{OKTA_USERS}/{{id}}", 1000, 60),
    "okta": Bucket("Okta", "/api/v1, all other", 600, 60),
    "okta else": Bucket("Okta", "outside of /api", 5000, 60),
    "graph reads": Bucket("Microsoft Graph", "reads", 3500, 10),
    "graph writes": Bucket("Microsoft Graph", "writes", 3000, 150),
}
"""Signing in to Entra is counted by nobody."""


@dataclass(frozen=True)
class Count:
    """Calls in one bucket."""

    reads: int = 0
    writes: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.reads + other.reads, self.writes + other.writes)

    @property
    def all(self) -> int:
        """Reads and writes."""
        return self.reads + self.writes


Counts = Mapping[str, Count]


@dataclass(frozen=True)
class Step:
    """Calls in one bucket when a resource is made (`reads`, `writes`) and when it is refreshed.

    `each`: the input whose items are written one by one; `page`: how many of them one read shows.
    """

    bucket: str
    reads: int = 0
    writes: int = 0
    refreshed: int = 0
    each: str = ""
    page: int = 0

    def count(self, inputs: Mapping[str, Json], when: When) -> Count:
        """The calls for a resource of these inputs."""
        items = inputs.get(self.each)
        number = len(items) if isinstance(items, list | dict) else 0
        pages = max(1, -(-number // self.page)) if self.page else 1
        if when == "refreshed":
            return Count(self.refreshed * pages)
        return Count(self.reads * pages, self.writes * (number if self.each else 1))


_CLOUDFLARE = (Step("cloudflare", writes=1, refreshed=1),)
STEPS: Mapping[str, Sequence[Step]] = {
    kinds.ACCOUNT_TOKENS: _CLOUDFLARE,
    kinds.USER_TOKENS: _CLOUDFLARE,
    kinds.USER_GROUP: _CLOUDFLARE,
    kinds.OKTA_GROUP: (
        Step("okta groups", writes=1),
        Step("okta group", reads=2, refreshed=1),
    ),
    kinds.OKTA_MEMBERS: (
        Step("okta groups", reads=1, writes=1, refreshed=1, each="users", page=OKTA_PAGE),
    ),
    kinds.OKTA_PERSON: (
        Step("okta groups", writes=1, each="groups"),
        Step("okta", reads=1, refreshed=1),
    ),
    kinds.OKTA_APP: (
        Step("okta app", reads=1, refreshed=1),
        Step("okta apps", reads=2, writes=2, refreshed=2),
        Step("okta", reads=1),
        Step("okta else", reads=1, refreshed=1),
    ),
    kinds.OKTA_ASSIGNMENTS: (
        Step("okta apps", reads=1, writes=1, refreshed=1, each="groups", page=OKTA_PAGE),
    ),
    kinds.OKTA_PUSH: (
        Step("okta apps", writes=1, refreshed=1),
        Step("okta group", reads=1),
    ),
    kinds.OKTA_CONNECTION: (Step("okta apps", writes=2, refreshed=1),),
    kinds.OKTA_FEATURES: (Step("okta apps", writes=1, refreshed=1),),
    # They ask only when something of theirs changes; the watch over the token not when it is made.
    kinds.TOKEN_WATCHES: (Step("cloudflare"),),
    kinds.ACCESS_GUARD: (Step("cloudflare"),),
    kinds.PREVIOUS_TOKENS: (Step("cloudflare"),),
    # The groups, the members, who is in each former and new group; a former one loses its policy.
    kinds.MOVE_SWITCH: (
        Step("cloudflare", reads=2),
        Step("cloudflare", reads=2, writes=1, each="formerNames"),
    ),
    f"{kinds.OKTA_GATE} console": (Step("okta app", reads=1, refreshed=1),),
    f"{kinds.OKTA_GATE} connection": (Step("okta apps", reads=1, refreshed=1),),
    f"{kinds.OKTA_GATE} features": (Step("okta apps", reads=2, refreshed=2),),
    kinds.ENTRA_APP: (
        Step("graph reads", reads=7, refreshed=1),
        Step("graph writes", writes=1),
    ),
    kinds.ENTRA_GROUP: (
        Step("graph reads", reads=10, refreshed=4),
        Step("graph writes", writes=3),
        Step("graph writes", writes=1, each="members"),
    ),
    kinds.ENTRA_ASSIGNMENT: (
        Step("graph reads", reads=2, refreshed=1),
        Step("graph writes", writes=1),
    ),
    kinds.ENTRA_JOB: (
        Step("graph reads", reads=6, refreshed=1),
        Step("graph writes", writes=1),
    ),
    kinds.ENTRA_CREDENTIALS: (
        Step("graph reads", reads=6, refreshed=1),
        Step("graph writes", writes=1),
    ),
    kinds.ENTRA_MEMBERS: (
        Step("graph reads", reads=1, refreshed=1),
        Step("graph writes", writes=1, each="members"),
    ),
    kinds.ENTRA_KEYS: (Step("graph reads", reads=1),),
    kinds.ENTRA_TEST: (Step("graph writes", writes=1),),
    kinds.ENTRA_MAPPING: (
        Step("graph reads", reads=3, refreshed=1),
        Step("graph writes", writes=1),
    ),
    kinds.ENTRA_START: (
        Step("graph reads", reads=1, refreshed=1),
        Step("graph writes", writes=1),
    ),
}
"""By the type; a gate also by what it checks."""
_EVERY_RUN: Mapping[str, Step] = {kinds.TOKEN_WATCHES: Step("cloudflare", reads=1)}
"""What asks also where nothing changes."""
LOOKUPS: Mapping[str, Step] = {
    kinds.ACCOUNT_TOKEN_POWERS: Step("cloudflare", reads=1),
    kinds.USER_TOKEN_POWERS: Step("cloudflare", reads=1),
    # A page holds 50; the account's permission groups fill two.
    kinds.ROLE_POWERS: Step("cloudflare", reads=2),
    kinds.ACCOUNT_AS_RESOURCE: Step("cloudflare", reads=1),
    kinds.TOKEN_USER: Step("cloudflare", reads=1),
    kinds.OKTA_PEOPLE: Step("okta users", reads=1),
    # The provider asks for one address after the other.
    kinds.ENTRA_PEOPLE: Step("graph reads", reads=1, each="mails", page=1),
}
"""By the function."""
_SIGN_IN: Mapping[str, Counts] = {"okta": {"okta user": Count(reads=2)}}
"""What a provider asks when it starts, by its package."""


def calls_to_make(asked: Iterable[Asked]) -> Counts:
    """The calls of resources that are made, or of look-ups."""
    return _sum(step for type_, inputs in asked for step in _steps(type_, inputs, "made"))


def calls_to_refresh(resources: Iterable[Asked]) -> Counts:
    """The calls that read resources back; a refresh looks nothing up."""
    return _sum(step for type_, inputs in resources for step in _steps(type_, inputs, "refreshed"))


def calls_to_sign_in(types: Iterable[str]) -> Counts:
    """What the providers of these types ask before anything else, in every run."""
    packages = {type_.partition(":")[0] for type_ in types}
    return _sum(pair for package in packages for pair in _SIGN_IN.get(package, {}).items())


POLITE = "okta:maxApiCapacity: 20"
"""With it Okta's provider waits, at a fifth of what is allowed; the calls then under way still stay
below a quarter (C: apimutex.go lets one pass while no more than the limit is used)."""


@dataclass(frozen=True)
class Calls:
    """One bucket's calls of an update that makes everything (`first`), of one that changes
    nothing, and of a refresh."""

    bucket: Bucket
    first: Count
    unchanged: int
    refresh: int

    @property
    def share(self) -> float:
        """The part of what the vendor allows in its time that the largest of them takes."""
        return max(self.first.all, self.unchanged, self.refresh) / self.bucket.allowed

    @property
    def heavy_refresh(self) -> bool:
        """Whether a refresh takes more than a quarter of what is allowed in a minute."""
        return self.refresh > self.bucket.allowed * 60 / self.bucket.seconds / 4


def calls(resources: Sequence[Asked], lookups: Sequence[Asked]) -> tuple[Calls, ...]:
    """What an update of these resources and look-ups asks of the vendors, a bucket a row."""
    types = [type_ for type_, _ in (*resources, *lookups)]
    asking = together(calls_to_sign_in(types), calls_to_make(lookups))
    every_run = [_EVERY_RUN[type_] for type_, _ in resources if type_ in _EVERY_RUN]
    unchanged = together(asking, _sum((step.bucket, step.count({}, "made")) for step in every_run))
    first = together(asking, calls_to_make(resources))
    refresh = together(calls_to_sign_in(types), calls_to_refresh(resources))
    return tuple(
        Calls(
            bucket,
            first.get(key, Count()),
            unchanged.get(key, Count()).all,
            refresh.get(key, Count()).all,
        )
        for key, bucket in BUCKETS.items()
        if key in first or key in refresh
    )


def together(*counts: Counts) -> Counts:
    """All of them, a bucket's in one count."""
    return _sum(pair for count in counts for pair in count.items())


def _steps(type_: str, inputs: Mapping[str, Json], when: When) -> Iterable[tuple[str, Count]]:
    check = str(inputs.get("check")).removesuffix(LEAVING)
    steps = STEPS.get(type_) or STEPS.get(f"{type_} {check}")
    if steps is None:
        steps = (LOOKUPS[type_],)
    for step in steps:
        yield step.bucket, step.count(inputs, when)


def _sum(pairs: Iterable[tuple[str, Count]]) -> Counts:
    sums: dict[str, Count] = {}
    for bucket, count in pairs:
        sums[bucket] = sums.get(bucket, Count()) + count
    return {key: sums[key] for key in BUCKETS if key in sums and sums[key].all}

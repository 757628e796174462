"""What a row of bad config is: what was changed, where the problem is, what the message says."""

from dataclasses import dataclass

from tests.config.config_samples import ENTRA, OKTA, Steps, changed

IDP = "identityProvider"
NAME_OF_101 = "x" * 101


@dataclass(frozen=True)
class Bad:
    """A change of a good object that must be refused at `path` with these words.

    `schema` says whether a JSON Schema can see it; `why_not` gives the reason where it cannot.
    """

    name: str
    base: dict[str, object]
    steps: Steps
    value: object
    path: str
    what: str
    instead: str
    schema: bool = True
    why_not: str = ""

    @property
    def object(self) -> dict[str, object]:
        return changed(self.base, self.steps, self.value)


def okta(
    name: str, steps: Steps, value: object, path: str, what: str, instead: str, why_not: str = ""
) -> Bad:
    return Bad(name, OKTA, steps, value, path, what, instead, not why_not, why_not)


def entra(
    name: str, steps: Steps, value: object, path: str, what: str, instead: str, why_not: str = ""
) -> Bad:
    return Bad(name, ENTRA, steps, value, path, what, instead, not why_not, why_not)


ACROSS = "a schema compares no two places"
CASE = "a schema compares texts with their case"
CLOCK = "a schema knows no clock"
SHAPE = "a schema lists no credential shapes"
NETWORK = "a pattern does not calculate networks"

"""Okta's timestamps."""

from datetime import UTC, datetime


def now() -> str:
    """The present in Okta's form, as in ``2026-03-25T06:09:44.000Z``."""
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    """A moment in Okta's form: UTC, milliseconds, ``Z``."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def parse(text: str) -> datetime:
    """A timestamp as a moment in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def whole_seconds(text: str) -> str:
    """The same without milliseconds, as push mappings carry it: ``2026-03-25T06:09:44Z``."""
    return text.partition(".")[0].removesuffix("Z") + "Z"

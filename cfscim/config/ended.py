"""What a config lets be removed until a day, once that day has passed: refused, until the entry is
taken out or renewed.

Protection cannot come back by the clock: the same config would mean another thing each day, and
what the state has unprotected could be removed until an update says otherwise. Free of the config's
models, because the guard's plugin judges by it as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from cfscim.config.messages import Keys, Message, in_config

if TYPE_CHECKING:
    from cfscim.config.models import ScimConfig

MOVE = "the move"
_RENEW = "have it renewed with a later until"


def allowances(config: "ScimConfig") -> list[dict[str, str]]:
    """What may be removed, by whom it was allowed and until which day; the move comes last."""
    entries = [
        {"what": removal.what, "by": removal.by, "until": removal.until.isoformat()}
        for removal in config.removals
    ]
    move = config.move
    if move is not None:
        entries.append({"what": MOVE, "by": move.by, "until": move.until.isoformat()})
    return entries


def ended(entries: Sequence[Mapping[str, str]], today: date) -> Iterator[Message]:
    """A refusal for each of these `allowances` whose last day has passed."""
    for index, entry in enumerate(entries):
        if date.fromisoformat(entry["until"]) >= today:
            continue
        keys: Keys = ("move",) if entry["what"] == MOVE else ("removals", index)
        of = "" if entry["what"] == MOVE else f" of {entry['what']}"
        yield Message(
            in_config(*keys),
            f"that{of} by {entry['by']} ended on {entry['until']}",
            "nobody allows a removal any more, and nothing is protected before the entry goes",
            _RENEW
            if entry["what"] == MOVE
            else f"take it out, so that everything is protected again, or {_RENEW}",
        )

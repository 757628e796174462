"""Input values as one line of text."""

import json

from cfscim.config.messages import one_line
from cfscim.program.registrations import Value


def value_text(value: Value) -> str:
    """Text as it stands, everything else as compact JSON with its keys in order."""
    if isinstance(value, str):
        return one_line(value) or '""'
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "), sort_keys=True)

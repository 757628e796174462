"""The comparison of end states sees what differs, and nothing that only happened otherwise."""

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.end_state import differences, end_state

TOKEN = "cfat_" + "a" * 40


def hex32(digit: str) -> str:
    return digit * 32


def state(ids: str, token: str) -> dict:
    """A small state; `ids`: three digits of which every id is made."""
    one, two, three = map(hex32, ids)
    return {
        "cloudflare": {
            "counters": {"taken": {"token": int(ids[0])}},
            "tokens": {
                three: {
                    "id": three,
                    "name": "scim",
                    "value_sha256": hashlib.sha256(token.encode()).hexdigest(),
                }
            },
            "groups": {
                one: {"id": one, "name": "Billing", "pushed": [one], "grants": [hex32("f")]},
                two: {"id": two, "name": "Administrator", "pushed": [two], "grants": [hex32("e")]},
            },
        },
        "okta": {"token": token, "target": one, "since": f"2026-01-01T00:00:0{ids[0]}Z"},
    }


def compared(folder: Path, left: dict, right: dict) -> list[str]:
    ends = []
    for name, content in (("left", left), ("right", right)):
        (folder / name).mkdir()
        (folder / name / "state.json").write_text(json.dumps(content))
        ends.append(end_state(folder / name))
    return differences(*ends)


def test_other_ids_times_and_token_values_are_the_same_end(tmp_path: Path) -> None:
    other = "cfat_" + "b" * 40
    assert compared(tmp_path, state("123", TOKEN), state("312", other)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["okta"].update(target=hex32("2")),
        lambda s: s["okta"].update(token="cfat_" + "c" * 40),
        lambda s: s["okta"].pop("target"),
        lambda s: s["cloudflare"]["groups"][hex32("1")].update(grants=[hex32("e")]),
        lambda s: s["cloudflare"]["groups"][hex32("1")].update(pushed=[]),
        lambda s: s["cloudflare"]["groups"].pop(hex32("2")),
        lambda s: s["cloudflare"]["groups"][hex32("1")]["pushed"].append(hex32("1")),
    ],
    ids=["reference", "token", "key", "foreign id", "list", "object", "twice"],
)
def test_what_differs_is_named(tmp_path: Path, change: Callable[[dict], object]) -> None:
    right = copy.deepcopy(state("123", TOKEN))
    change(right)
    assert len(compared(tmp_path, state("123", TOKEN), right)) == 1

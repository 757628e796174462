"""Published request and response examples, held against the sandbox: status and keys."""

import json
from typing import Any

ABSENT = object()


def filled(value: Any, names: dict[str, Any]) -> Any:
    """The value with each `{name}` in it; one that is a name alone is what the name stands for."""
    if isinstance(value, str) and value.strip("{}") in names:
        return names[value.strip("{}")]
    text = json.dumps(value)
    for name, found in names.items():
        if isinstance(found, str):
            text = text.replace("{" + name + "}", found)
    return json.loads(text)


def at(answer: Any, key: str) -> Any:
    """The value at a path of keys and places, by slashes."""
    for step in key.split("/"):
        if isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        elif isinstance(answer, dict) and step in answer:
            answer = answer[step]
        else:
            return ABSENT
    return answer


def compare(facts: Any, example: Any, shown: Any) -> None:
    """Every key of the example is there, but for the accepted ones, and every value is equal."""
    accepted = {a["key"] for a in facts["accepted"] if a["page"] == example["page"]}
    missing = {key for key in example["keys"] if at(shown, key) is ABSENT}
    # An accepted difference that is none any more is to be taken out of the list.
    assert missing == accepted, f"missing: {missing}; accepted: {accepted}"
    if example.get("all"):  # recorded whole: no key more
        wanted = {key.removeprefix("value/0/") for key in example["keys"]}
        whole = at(shown, "value/0") if "value" in shown else shown
        assert {*whole} - {"@odata.type"} == wanted - {"@odata.type"}
    for key, value in example.get("values", {}).items():
        assert at(shown, key) == value, f"{key}: {at(shown, key)}"

"""The sandbox's Graph against the published examples of Microsoft's own reference."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import TOKEN, Graph, Provisioning, ScimEndpoint

FACTS: Any = json.loads(Path(__file__).with_name("graph_examples.json").read_text("utf-8"))
_ABSENT = object()


@pytest.fixture
def names(sandbox: Sandbox) -> Iterator[tuple[Graph, dict[str, str]]]:
    graph = Graph(sandbox)
    with ScimEndpoint() as endpoint:
        app = Provisioning(graph, endpoint.base)
        yield (
            graph,
            {
                "principal": app.sp_id,
                "job": app.job_id,
                "rule": app.schema()["synchronizationRules"][0]["id"],
                "user": graph.user_id("ada@example.com"),
                "group": graph.group("Billing"),
                "address": endpoint.base,
                "token": TOKEN,
            },
        )


def filled(value: Any, names: dict[str, str]) -> Any:
    text = json.dumps(value)
    for name, text_of in names.items():
        text = text.replace("{" + name + "}", text_of)
    return json.loads(text)


def at(answer: Any, key: str) -> Any:
    """The value at a key path; keys that hold dots of their own begin with @."""
    for step in [key] if key.startswith("@") else key.split("."):
        if isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        elif isinstance(answer, dict) and step in answer:
            answer = answer[step]
        else:
            return _ABSENT
    return answer


@pytest.mark.parametrize("example", FACTS["examples"], ids=lambda example: example["page"])
def test_status_and_keys_are_those_of_the_published_example(
    names: tuple[Graph, dict[str, str]], example: Any
) -> None:
    graph, ids = names
    body = filled(example["body"], ids) if "body" in example else None
    answer = graph.send(example["method"], filled(example["path"], ids), body)
    assert answer.status_code == example["status"], answer.text
    shown = answer.json() if answer.content else None
    accepted = {a["key"] for a in FACTS["accepted"] if a["page"] == example["page"]}
    missing = {key for key in example["keys"] if at(shown, key) is _ABSENT}
    # An accepted difference that is none any more is to be taken out of the list.
    assert missing == accepted
    for key, value in example.get("values", {}).items():
        assert at(shown, key) == value, key

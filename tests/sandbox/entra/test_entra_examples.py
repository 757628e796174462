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
def names(sandbox: Sandbox) -> Iterator[tuple[Graph, dict[str, Any]]]:
    graph = Graph(sandbox)
    with ScimEndpoint() as endpoint:
        app, bare = Provisioning(graph, endpoint.base), Provisioning(graph)
        user, other = (graph.user_id(f"{name}@example.com") for name in ("ada", "alan"))
        group, binned = graph.group("Billing", "ada@example.com"), graph.group("Old")
        graph.call("DELETE", f"/groups/{binned}")
        # Somebody was provisioned, so that the logs have something to show.
        rule = app.schema()["synchronizationRules"][0]["id"]
        subjects = [{"objectId": user, "objectTypeName": "User"}]
        body = {"parameters": [{"ruleId": rule, "subjects": subjects}]}
        assignment = graph.assign(app.sp_id, group)
        graph.call("POST", f"{app.job}/provisionOnDemand", body)
        yield (
            graph,
            {
                "principal": app.sp_id,
                "application": app.app_id,
                "bare": bare.sp_id,
                "job": app.job_id,
                "schema": app.schema(),
                "rule": rule,
                "user": user,
                "other": other,
                "group": group,
                "unassigned": graph.group("Unassigned"),
                "assignment": assignment,
                "binned": binned,
                "address": endpoint.base,
                "token": TOKEN,
            },
        )


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
    names: tuple[Graph, dict[str, Any]], example: Any
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

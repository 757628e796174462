"""The sandbox's Graph against the published examples of Microsoft's own reference."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.server.server import Sandbox
from tests.sandbox.entra.entra_support import TOKEN, Graph, Provisioning, ScimEndpoint
from tests.sandbox.examples import compare, filled

FACTS: Any = json.loads(Path(__file__).with_name("graph_examples.json").read_text("utf-8"))


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
                "unowned": graph.call("POST", "/applications", {"displayName": "C"})["appId"],
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


@pytest.mark.parametrize("example", FACTS["examples"], ids=lambda example: example["page"])
def test_status_and_keys_are_those_of_the_published_example(
    names: tuple[Graph, dict[str, Any]], example: Any
) -> None:
    graph, ids = names
    body = filled(example["body"], ids) if "body" in example else None
    answer = graph.send(example["method"], filled(example["path"], ids), body)
    assert answer.status_code == example["status"], answer.text
    shown = answer.json() if answer.content else None
    compare(FACTS, example, shown)

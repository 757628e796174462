"""A token value that a vendor might answer appears in no plan, no review, in no format."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from cfscim.config.messages import CONFIG_KEY
from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import as_json, plan_of
from cfscim.plan.report import plan_document
from cfscim.program.monitor import RecordingMonitor
from cfscim.program.placeholders import Placeholders
from cfscim.program.run import run_program
from cfscim.report.markdown import render
from cfscim.report.terminal import show
from cfscim.review.compare import compare
from cfscim.review.report import review_document, review_json
from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config
from tests.plan.plan_kit import write

CANARY = "canary-7f3a-token-value"


class _Answering(Placeholders):
    """A vendor that really answers with a token value."""

    def new_resource(self, args) -> tuple[str, dict[str, object]]:
        id_, outputs = super().new_resource(args)
        return id_, {key: CANARY if key == "value" else one for key, one in outputs.items()}


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_the_canary_is_nowhere(tmp_path: Path, combination) -> None:
    def plan(content: dict):
        checked = check_stack_file(write(tmp_path, "dev", content))
        assert checked.config is not None
        settings = {CONFIG_KEY: checked.file.config_object}
        monitor = RecordingMonitor(_Answering())
        declared = run_program(monitor, stack="dev", config=settings, preview=True)
        # The vendor did answer with it, so its absence below means something.
        assert any(CANARY in str(one.state) for one in monitor.resources.values())
        return plan_of(checked, checked.config, declared)

    before = config(combination)
    after = config(combination)
    after["token"]["rotation"] = "2"
    old, new = plan(before), plan(after)
    review = compare(old, new, label="main")
    documents = [plan_document(new), review_document(review)]
    text = io.StringIO()
    show(documents, Console(file=text, width=10_000))
    printed = [
        json.dumps(as_json(new)),
        json.dumps(review_json(review)),
        render(documents),
        text.getvalue(),
        repr(review),
    ]
    assert not [one for one in printed if CANARY in one]
    assert all("[secret]" in one for one in printed[:4])

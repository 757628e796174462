"""The links of the steps by hand lead to the stack's own admin console."""

from pathlib import Path

import yaml

from cfscim.config.stack_file import check_stack_file
from cfscim.plan.model import as_json, make_plan
from tests.configs import config_object


def test_links_lead_to_the_stacks_own_console(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    scim = config_object()
    content = {"config": {"okta:baseUrl": "oktapreview.com", "cloudflare-scim:scim": scim}}
    path.write_text(yaml.safe_dump(content))
    plan = as_json(make_plan(check_stack_file(str(path))))
    outputs = plan["outputs"]
    assert isinstance(outputs, dict)
    for steps in (plan["remainingSteps"], outputs["remainingSteps"]):
        text = str(steps)
        assert "https://example-admin.oktapreview.com/admin/app/" in text
        assert "example-admin.okta.com" not in text

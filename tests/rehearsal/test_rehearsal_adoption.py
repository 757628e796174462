"""What exists already is a stranger's: nothing is taken over but by an import, as with an engine."""

import httpx
import pytest

from cfscim.adopt.command import import_file
from cfscim.adopt.finder import find
from cfscim.adopt.state import read_state
from cfscim.config.messages import ScimError
from cfscim.rehearsal.vendors import Vendors
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import do_console_steps, names, rehearsal, state

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.mark.parametrize(
    ("kind", "said"), [("okta", "already exists"), ("entra", "names may not repeat")]
)
def test_a_stranger_s_group_is_not_taken_over(sandbox: Sandbox, kind: str, said: str) -> None:
    rehearsal(sandbox).update(stack_config(kind, "virtualGroups"))
    with pytest.raises(ScimError, match=said):
        rehearsal(sandbox).update(stack_config(kind, "virtualGroups"))


def test_a_token_is_made_a_second_time_as_cloudflare_allows(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    config = stack_config("entra", "virtualGroups")
    rehearsal(sandbox).update(config)
    with pytest.raises(ScimError):
        rehearsal(sandbox).update(config)
    assert len(state(admin)["cloudflare"]["tokens"]) == 2


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_what_was_imported_is_not_created_again_and_not_replaced(
    sandbox: Sandbox, admin: httpx.Client, kind: str
) -> None:
    first = rehearsal(sandbox)
    config = stack_config(kind)
    result = first.update(config)
    if kind == "okta":
        do_console_steps(admin, result)
        config = stack_config(apiIntegrationConfirmed=True)
        first.update(config)
    before = names(state(admin)[kind]["groups"], "id")
    with Vendors({}, sandbox.env) as vendors:
        found = find("dev", config, read_state(None), vendors)
    second = rehearsal(sandbox)
    taken = second.take_over(import_file(found.findings, found.declared, read_state(None)), config)
    assert taken >= 10
    summary = second.update(config).summary
    assert "replaced" not in summary
    assert "deleted" not in summary
    assert names(state(admin)[kind]["groups"], "id") == before


def test_an_imported_group_ends_with_exactly_the_declared_people(
    sandbox: Sandbox, admin: httpx.Client
) -> None:
    rehearsal(sandbox).update(stack_config(roles={"Billing": ["alan@example.com"]}))
    config = stack_config(roles={"Billing": ["ada@example.com"]})
    with Vendors({}, sandbox.env) as vendors:
        found = find("dev", config, read_state(None), vendors)
    second = rehearsal(sandbox)
    second.take_over(import_file(found.findings, found.declared, read_state(None)), config)
    second.update(config)
    members = {group["name"]: group["members"] for group in state(admin)["okta"]["groups"]}
    assert members["Billing"] == ["ada@example.com"]

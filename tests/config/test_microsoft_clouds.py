"""The cloud in use must be the config's: in the program, `verify` and `preflight` alike."""

from datetime import date

import pytest

from cfscim.config.clouds import CLOUDS, CloudName
from cfscim.config.messages import CONFIG_KEY, MissingError, ScimError
from cfscim.config.models import parse_config
from cfscim.config.provider_settings import ENTRA_CLOUD, ENTRA_METADATA
from cfscim.config.tenant import require_cloud
from cfscim.preflight.answers import Asked
from cfscim.preflight.checks import entra
from cfscim.verify import run
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.rehearsal.rehearsal_support import rehearsal
from tests.verify.verify_support import set_up

SAYS = "usgovernment is not identityProvider.cloud global"
NAMED = {
    name: cloud.name
    for cloud in CLOUDS.values()
    for each in cloud.environments
    for name in (each, each.upper())
}
"""The provider's names of the clouds, in two spellings."""


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("declared", CLOUDS)
def test_each_of_the_providers_names_is_of_one_cloud(name: str, declared: CloudName) -> None:
    for settings, env in (({ENTRA_CLOUD.key: name}, {}), ({}, {ENTRA_CLOUD.variable: name})):
        if NAMED[name] == declared:
            require_cloud(declared, settings, env)
            continue
        with pytest.raises(MissingError, match=f"{name} is not identityProvider.cloud {declared}"):
            require_cloud(declared, settings, env)
        # Only the metadata host knows which cloud it is of.
        require_cloud(declared, settings, {**env, ENTRA_METADATA.variable: "arm.own"})


def test_the_stack_goes_before_the_environment() -> None:
    require_cloud("china", {ENTRA_CLOUD.key: "china"}, {ENTRA_CLOUD.variable: "dod"})
    require_cloud("china", {}, {})


def test_credentials_of_another_cloud_declare_nothing(
    sandbox: Sandbox, signed_in: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENTRA_CLOUD.variable, "usgovernment")
    with pytest.raises(ScimError, match=SAYS):
        rehearsal(sandbox).update(stack_config("entra"))
    assert not sandbox.world.cloudflare.tokens
    assert not sandbox.world.entra.groups


def test_what_reads_says_so_too(sandbox: Sandbox, signed_in: None) -> None:
    stack = set_up(sandbox, "entra", "userGroups", "account", cycle=False)
    settings = {ENTRA_CLOUD.key: "usgovernment", ENTRA_METADATA.key: ""}
    env = {name: value for name, value in sandbox.env.items() if name != ENTRA_METADATA.variable}
    config = parse_config(stack.given[CONFIG_KEY], stack="dev")
    with pytest.raises(MissingError, match=SAYS):
        run(config, stack.outputs, settings, env, lambda _line: None)
    with pytest.raises(MissingError, match=SAYS):
        list(entra(Asked(config, settings, env, date(2026, 11, 27))))

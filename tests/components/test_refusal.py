"""A refusal ends the program with what is told to a person, and nothing else below it."""

import os
import signal
import subprocess
import sys

import pulumi
import pytest

from cfscim.config.models import parse_config
from components.refusal import warn_of_examples
from tests.configs import config_object

INTERRUPTED = f"""
import asyncio, os, threading
from components.refusal import end_quietly
end_quietly()
threading.Timer(0.1, os.kill, (os.getpid(), {int(signal.SIGINT)})).start()
asyncio.run(asyncio.sleep(60))
"""


def test_an_interrupted_program_leaves_no_traceback_below_the_reason() -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (32, "", "")


SAID = """
import pulumi
from pulumi.runtime import settings
from components.refusal import end_quietly

class Engine:
    def Log(self, request):
        print(request.severity, request.message)

settings.SETTINGS.engine = Engine()
end_quietly()
pulumi.log.debug("prepared")
pulumi.log.warn("seen")
"""


@pytest.mark.parametrize(("option", "said"), [("", ["2 seen"]), ("true", ["0 prepared", "2 seen"])])
def test_the_engine_hears_debug_messages_only_where_it_is_asked_for_them(
    option: str, said: list[str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAID],
        env={**os.environ, "PULUMI_OPTION_DEBUG": option},
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == said, done.stderr


def test_a_config_that_holds_values_of_the_examples_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    tenant = "11111111-2222-4333-8444-555555555555"
    pulumi.runtime.set_all_config({"azuread:tenantId": tenant})
    own = {"account": {"id": "f" * 31 + "1", "name": "Acme"}, "breakGlass": ["eve@acme.com"]}
    members = {"Administrator": ["ada@acme.com"]}
    warn_of_examples(parse_config(config_object("entra", members=members, **own), stack="prod"))
    assert said == []
    warn_of_examples(parse_config(config_object("entra", members=members), stack="prod"))
    (line,) = said
    assert line.startswith("cloudflare-scim:scim.account.id: left from the examples: account id")


PLUGIN = """
import sys, traceback
from importlib.machinery import ModuleSpec
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config
from cfscim.config.messages import ScimError
from components.rest_resource import RestProvider

sys.modules["__main__"].__spec__ = ModuleSpec("pulumi.dynamic.__main__", None)
RestProvider().configure(ConfigureRequest(Config({}, "cloudflare-scim")))
for error in (ScimError("okta-app", "it is off", "nobody would arrive", "switch it on"), KeyError("a")):
    try:
        raise error
    except Exception:
        print(traceback.format_exc())
"""


def test_a_refusal_of_our_own_resources_begins_with_our_words() -> None:
    done = subprocess.run([sys.executable, "-c", PLUGIN], capture_output=True, text=True)
    ours, other = done.stdout.splitlines()
    assert ours == "okta-app: it is off; nobody would arrive; switch it on"
    assert other == "KeyError: 'a'"

"""A refusal ends the program with what is told to a person, and nothing else below it."""

import signal
import subprocess
import sys

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

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

"""The command line of the project: validate, schema, plan, up, verify."""

import os
import sys

# The first that any Python runs of this program, so in words that an old one understands.
if tuple(sys.version_info[:2]) < (3, 11):
    program = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.stderr.write(
        "cfscim: this is Python {} ({}); the program needs 3.11 or newer; run make -C {} install, "
        "which finds one, and then this by {}/.venv/bin/python\n".format(
            ".".join(map(str, sys.version_info[:2])), sys.executable, program, program
        )
    )
    sys.exit(3)

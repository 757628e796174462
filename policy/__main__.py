"""Started by the engine for `--policy-pack policy`; serves the rules until the engine ends it."""

import sys
from pathlib import Path

# The engine runs the pack from its own folder; the rules are the repository's.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import EnforcementLevel, PolicyPack

from cfscim.config.messages import PROJECT
from cfscim.program.private import read_properties_with
from policy.pack import policies
from policy.views import readable

read_properties_with(readable)
PolicyPack(PROJECT, policies(), enforcement_level=EnforcementLevel.MANDATORY)

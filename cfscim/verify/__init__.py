"""`verify`: nothing is believed until it was read back. Pure checks; one file a vendor's part."""

from cfscim.verify.outputs import StackOutputs, parse_outputs, read_outputs
from cfscim.verify.report import Check, Report, Status
from cfscim.verify.run import run

__all__ = ["Check", "Report", "StackOutputs", "Status", "parse_outputs", "read_outputs", "run"]

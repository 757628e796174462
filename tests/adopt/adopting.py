"""`adopt` after a run that did not end well, as the tests of interrupted runs carry it out."""

from collections.abc import Collection, Mapping
from typing import Any

from pulumi.automation import Deployment

from cfscim.adopt.command import delete_twins, import_file, imported_names
from cfscim.adopt.finder import find, find_gone
from cfscim.adopt.state import State, read_state
from cfscim.config.json_types import JsonObject
from cfscim.rehearsal import Rehearsal, RehearsalDeployer
from cfscim.rehearsal.vendors import Vendors


def adopt(
    deployer: Any,
    stack: str,
    config: Mapping[str, object],
    *,
    kept: Collection[str] = (),
) -> JsonObject:
    """`adopt --import`, with every twin deleted by its id, but for those in `kept`. Returns what
    was imported. Raises `ScimError`."""
    known = read_state(deployer.state())
    with Vendors({}, deployer.environment) as vendors:
        left = known.without(find_gone(known, vendors).keys)
        found = find(stack, config, left, vendors)
        twins = [
            one.import_id
            for finding in found.findings
            if finding.verdict == "twin"
            for one in finding.candidates
            if one.import_id.rsplit("/", 1)[-1] not in kept
        ]
        list(delete_twins(twins, found.findings, left, vendors))
    if left is not known:
        restate(deployer, stack, left)
    imports = import_file(found.findings, found.declared, left)
    if imports["resources"]:
        deployer.take_over(imports, config)
        taken = read_state(deployer.state()).as_declared(found.declared, imported_names(imports))
        restate(deployer, stack, taken)
    return imports


def restate(deployer: Any, stack: str, state: State) -> None:
    """`pulumi stack import`."""
    if isinstance(deployer, RehearsalDeployer):
        env, quiet = deployer.environment, lambda _line: None
        deployer._rehearsal = Rehearsal(stack, env, progress=quiet, state=state.export)
    else:
        whole: Any = state.export["deployment"]
        deployer.stack.import_stack(Deployment(version=3, deployment=whole))

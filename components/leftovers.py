"""Adopts what an interrupted update created: the engine asked, and was killed before the answer.

The engine's own state says which creations are unfinished (`scim/stack_state.py`); what exists
of them is found by `scim/leftovers.py` and imported by this very update. `pulumi preview` shows
it. Deliberately not here: taking over anything else that has the right name.
"""

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.settings import get_engine

from scim.problems import ScimError
from scim.stack_state import StackState, read_state

if TYPE_CHECKING:
    from scim.leftovers import Leftover

_EXPORT_SECONDS = 120


class _ProgramSettings(Mapping[str, str]):
    """The stack's config by keys such as `okta:orgName`, as the providers have it."""

    def __getitem__(self, key: str) -> str:
        namespace, _, name = key.partition(":")
        value = pulumi.Config(namespace).get(name)
        if value is None:
            raise KeyError(key)
        return value

    # The engine gives no list of keys; callers ask by name.
    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def adopting_leftovers() -> pulumi.ResourceOptions:
    """Options for the component at the top, by which all below it adopt what was left behind.

    During an update, removes a token that was created and whose value nobody learnt. Raises
    `pulumi.RunError` with one line where the state or a vendor cannot be read.
    """
    if isinstance(get_engine(), MockEngine):  # `plan`, and the rehearsal, which adopts by itself
        return pulumi.ResourceOptions()
    try:
        leftovers = _handled(_state())
    except ScimError as error:
        raise pulumi.RunError(str(error)) from None
    ids = {
        (one.resource.type, one.resource.name): one.id for one in leftovers if one.action == "adopt"
    }

    def adopt(
        args: pulumi.ResourceTransformationArgs,
    ) -> pulumi.ResourceTransformationResult | None:
        found = ids.get((args.type_, args.name))
        if found is None:
            return None
        options = copy.copy(args.opts)
        options.import_ = found
        # Half made, it may not have its name yet; that is put right in place.
        options.replace_on_changes = None
        return pulumi.ResourceTransformationResult(args.props, options)

    return pulumi.ResourceOptions(transformations=[adopt] if ids else None)


def _handled(state: StackState) -> "tuple[Leftover, ...]":
    if not state.unfinished:
        return ()
    # Loads the clients of all three vendors, which a run without leftovers does not need.
    from scim.leftovers import find_leftovers, remove

    settings = _ProgramSettings()
    leftovers = find_leftovers(state, settings, os.environ)
    for leftover in leftovers:
        pulumi.log.warn(_announcement(leftover))
    if not pulumi.runtime.is_dry_run():
        remove(leftovers, settings, os.environ)
    return leftovers


def _announcement(leftover: "Leftover") -> str:
    resource, did = leftover.resource, f"an interrupted update created {leftover.id}"
    if leftover.action == "adopt":
        return f"{resource.name}: {did}; it is adopted"
    now = "would be" if pulumi.runtime.is_dry_run() else "is"
    return f"{resource.name}: {did} and nobody knows its value; it {now} deleted, not used"


def _state() -> StackState:
    command = shutil.which("pulumi")
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    if command is None:
        pulumi.log.debug("no pulumi on PATH: what an interrupted update left is not looked for")
        return StackState()
    try:
        done = subprocess.run(
            # Without --show-secrets: what is needed is no secret.
            [command, "stack", "export", "--stack", stack, "--non-interactive"],
            capture_output=True,
            text=True,
            timeout=_EXPORT_SECONDS,
            check=True,
        )
        return read_state(json.loads(done.stdout))
    except (subprocess.SubprocessError, OSError, ValueError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise ScimError(
            f"pulumi stack export --stack {stack}: {' '.join(str(said).split())[:200]}; without "
            "the state nothing says what an interrupted update created; run `pulumi stack export` "
            "by hand and put right what it says"
        ) from None

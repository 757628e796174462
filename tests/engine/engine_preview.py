"""What the real engine's preview says of a config, resource by resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi.automation import EngineEvent
from pulumi.automation.errors import CommandError

from cfscim.up.engine import EngineDeployer

# Steps of a replacement that the step "replace" already stands for, and look-ups.
_PARTS = ("create-replacement", "delete-replaced", "read", "same")


@dataclass
class Said:
    """Operation and changed inputs by `name type`; the messages that refuse something."""

    operations: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, frozenset[str]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def preview(deployer: EngineDeployer, config: Mapping[str, object]) -> Said:
    """Previews `config` on what the deployer's stack has now; raises when the preview breaks."""
    said = Said()

    def heard(event: EngineEvent) -> None:
        if event.resource_pre_event is not None:
            found = event.resource_pre_event.metadata
            operation = str(getattr(found.op, "value", found.op))
            if found.type.startswith(("cloudflare-scim:", "pulumi:")) or operation in _PARTS:
                return
            name = f"{found.urn.split('::')[-1]} {found.type}"
            said.operations[name] = operation
            said.inputs[name] = frozenset(found.diffs or ())
        elif event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            said.refused.append(event.diagnostic_event.message)

    deployer.configure({"cloudflare-scim:scim": config})
    try:
        deployer.stack.preview(on_event=heard, suppress_outputs=True, suppress_progress=True)
    except CommandError:
        if not any("protect" in text for text in said.refused):
            raise
    return said

"""Many bare programs in one process, `python -m bench.many PROGRAMS RESOURCES COMPONENTS`.

Each imports the SDKs as anybody does and declares its resources and components flat, with two
inputs each, under Pulumi's own test monitor. Prints the number of each program's resources.
"""

import asyncio
import logging
import sys
from typing import Any

import pulumi
import pulumi_cloudflare  # noqa: F401 - what everybody pays
import pulumi_okta as okta
from pulumi.runtime import run_in_stack
from pulumi.runtime.mocks import (
    MockCallArgs,
    MockEngine,
    MockMonitor,
    MockResourceArgs,
    Mocks,
    MockSettings,
)
from pulumi.runtime.settings import configure, set_root_resource


class Echo(Mocks):
    """Answers every resource with its inputs."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Its name as id, its inputs as outputs."""
        return args.name, dict(args.inputs)

    def call(self, _args: MockCallArgs) -> dict[str, Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing is looked up."""
        return {}


def main(programs: int, resources: int, components: int) -> None:
    """Runs the programs one after the other."""

    def program() -> None:
        for number in range(resources):
            okta.group.Group(f"group-{number}", name=f"name {number}", description="text")
        for number in range(components):
            pulumi.ComponentResource("a:b:C", f"component-{number}").register_outputs({})

    for _ in range(programs):
        set_root_resource(None)  # pyright: ignore[reportArgumentType] - clears it
        monitor = MockMonitor(Echo())
        configure(
            MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
                engine=MockEngine(logging.getLogger("bare")),
                project="p",
                stack="s",
                dry_run=True,
                organization=None,
                callbacks=None,
            )
        )
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run_in_stack(program))
        loop.close()
        print(len(monitor.resources))


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:4]))

"""The engine's deployer with what a scenario does beside updates."""

import json
from collections.abc import Mapping

from cfscim.adopt.command import import_words
from cfscim.config.json_types import JsonObject
from cfscim.up.engine import EngineDeployer


class Deployer(EngineDeployer):
    """Destroys the stack, and lets it take over what exists."""

    def destroy(self) -> None:
        """`pulumi destroy`."""
        self.stack.destroy()

    def take_over(self, imports: JsonObject, config: Mapping[str, object]) -> None:
        """`pulumi import` of what `adopt` wrote."""
        self.configure(config)
        file = self.project_folder / "adopt.json"
        file.write_text(json.dumps(imports))
        words = import_words(self.stack.name, file)
        command = self.stack.workspace.pulumi_command
        command.run(words, str(self.project_folder), self.environment)

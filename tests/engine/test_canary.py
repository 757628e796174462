"""With the real engine: the token's value is in no output, line or state file in plain text."""

import json
from pathlib import Path

from cfscim.config.models import parse_config
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from tests.configs import config_object
from tests.engine.conftest import received


def test_the_token_value_is_encrypted_wherever_the_engine_keeps_it(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    declared = config_object()
    lines: list[str] = []
    deployer = EngineDeployer(engine, "engine", folder, sandbox.environment(), lines.append)
    deploy(begin(parse_config(declared, stack="engine"), declared, deployer, sandbox, lines.append))
    canary = deployer.secret_output("tokenValue")
    assert canary.startswith("cfat_")

    shown = deployer.stack.workspace.pulumi_command.run(
        ["stack", "output", "--json", "--stack", "engine"],
        str(deployer.project_folder),
        deployer.environment,
    )
    assert json.loads(shown.stdout)["tokenValue"] == "[secret]"
    files = [path for path in folder.rglob("*") if path.is_file() and "program" not in path.parts]
    assert any("stacks" in path.parts for path in files)
    kept = {str(path): path.read_text(errors="replace") for path in files}
    kept["progress"], kept["stdout"] = "\n".join(lines), shown.stdout
    kept["request log"] = json.dumps(received(sandbox))
    assert [name for name, text in kept.items() if canary in text] == []

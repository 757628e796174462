"""`pulumi preview --policy-pack policy` by the real engine, against the sandbox."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from cfscim.up.engine import Engine
from cfscim.up.sandbox_process import SandboxProcess

ROOT = Path(__file__).resolve().parents[2]
NEW_STACK = {"removal-share": {"beforeFile": ""}}
RUNTIME = {"name": "python", "options": {"toolchain": "pip", "virtualenv": sys.prefix}}


@dataclass(frozen=True)
class Preview:
    """How a preview ended, and all it printed."""

    code: int
    text: str


class Previews:
    """Previews of one project in `folder`; the stack has no state, so nothing is ever created."""

    def __init__(self, engine: Engine, sandbox: SandboxProcess, folder: Path) -> None:
        self._pulumi = engine.command.command
        self._folder = folder
        (folder / "state").mkdir()
        self._environment = {
            **os.environ,
            **sandbox.environment(),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }

    def run(
        self,
        config: Mapping[str, object],
        *,
        stack: str = "prod",
        program: Path = ROOT,
        settings: object = NEW_STACK,
    ) -> Preview:
        """One preview with `config` as `cloudflare-scim:scim`; `settings`: the pack's config."""
        link = self._folder / "program"
        link.unlink(missing_ok=True)
        link.symlink_to(program, target_is_directory=True)
        project = {"name": "cloudflare-scim", "main": "program", "runtime": RUNTIME}
        (self._folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        file = self._folder / f"Pulumi.{stack}.yaml"
        file.write_text(yaml.safe_dump({"config": {"cloudflare-scim:scim": dict(config)}}))
        more = []
        if settings is not None:
            (self._folder / "pack.json").write_text(json.dumps(settings))
            more = ["--policy-pack-config", str(self._folder / "pack.json")]
        self._call("stack", "select", "--create", stack)
        return self._call("preview", "--stack", stack, "--policy-pack", str(self._pack()), *more)

    def _call(self, *arguments: str) -> Preview:
        done = subprocess.run(
            [self._pulumi, *arguments, "--non-interactive", "--color", "never"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        return Preview(done.returncode, done.stdout + done.stderr)

    def _pack(self) -> Path:
        """The pack as it is shipped; elsewhere than in its own .venv, the same with ours."""
        if Path(sys.prefix) == ROOT / ".venv":
            return ROOT / "policy"
        pack = self._folder / "pack"
        pack.mkdir(exist_ok=True)
        settings = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text())
        (pack / "PulumiPolicy.yaml").write_text(yaml.safe_dump({**settings, "runtime": RUNTIME}))
        if not (pack / "__main__.py").exists():
            (pack / "__main__.py").symlink_to(ROOT / "policy" / "__main__.py")
        return pack


@pytest.fixture
def previews(engine: Engine, sandbox: SandboxProcess, tmp_path: Path) -> Previews:
    """Previews with the policy pack; skipped where the pack's SDK is not installed."""
    if find_spec("pulumi_policy") is None:
        pytest.skip("pulumi-policy is not installed (requirements.txt), so no pack can be loaded")
    return Previews(engine, sandbox, tmp_path)

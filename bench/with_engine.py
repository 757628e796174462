"""preview, update and an update that changes nothing, with a real engine, against the sandbox."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from cfscim.up.engine import NoEngine, find_engine
from cfscim.up.sandbox_process import SandboxProcess

Times = tuple[float, float, float]
"""Seconds of a preview, of the first update, and of one that changes nothing."""


def measure(
    folder: Path, programs: Mapping[str, Path], stacks: Mapping[str, Path], runs: int
) -> dict[str, Times] | None:
    """The times of every program with every stack (`bare` once); None where there is no engine."""
    if isinstance(find_engine(), NoEngine):
        return None
    found: dict[str, Times] = {}
    for name, program in programs.items():
        for kind, file in stacks.items():
            if name == "bare" and found:
                continue
            title = name if name == "bare" else f"{name}, {kind}"
            project = folder / title.replace(" ", "-").replace(",", "")
            with SandboxProcess() as sandbox:
                try:
                    found[title] = _times(project, program, file, sandbox.environment(), runs)
                except RuntimeError as error:
                    # Only what everything else is compared with, or judged by, ends the benchmark.
                    if name != "plain":
                        raise
                    print(f"{title}: left out, it failed: {error}", file=sys.stderr)
    return found


def _times(
    project: Path, program: Path, file: Path, environment: Mapping[str, str], runs: int
) -> Times:
    project.mkdir()
    (project / "program").symlink_to(program.parent, target_is_directory=True)
    settings = {
        "name": "cloudflare-scim",
        "main": "program",
        "runtime": {
            "name": "python",
            "options": {"toolchain": "pip", "virtualenv": str(Path(sys.prefix))},
        },
    }
    (project / "Pulumi.yaml").write_text(yaml.safe_dump(settings))
    config = yaml.safe_load(file.read_text())["config"]
    provider = config["cloudflare-scim:scim"]["identityProvider"]
    if provider["kind"] == "okta":
        # Nobody does the console's steps between two measurements.
        provider["apiIntegrationConfirmed"] = False
    (project / "Pulumi.bench.yaml").write_text(yaml.safe_dump({"config": config}))
    (project / "backend").mkdir()
    env = {
        **environment,
        "PULUMI_BACKEND_URL": (project / "backend").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    _pulumi(project, env, "stack", "init", "bench")
    preview = statistics.median(_pulumi(project, env, "preview") for _ in range(runs))
    update = _pulumi(project, env, "up", "--yes", "--skip-preview")
    again = statistics.median(
        _pulumi(project, env, "up", "--yes", "--skip-preview") for _ in range(runs)
    )
    return preview, update, again


def _pulumi(project: Path, env: Mapping[str, str], *arguments: str) -> float:
    begun = time.monotonic()
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=project,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"pulumi {' '.join(arguments)}:\n{done.stdout[-2000:]}{done.stderr}")
    return time.monotonic() - begun

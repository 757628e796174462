"""Finds a Pulumi engine and the provider plugins a stack needs, or says why there is none."""

import json
import shutil
import socket
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from pulumi.automation import PulumiCommand

_DOWNLOADS = ("get.pulumi.com", 443)
_CONNECT_SECONDS = 3.0


@dataclass(frozen=True)
class Engine:
    """The `pulumi` command and the version of each provider plugin it will use."""

    command: PulumiCommand
    plugins: dict[str, str]

    @property
    def summary(self) -> str:
        """As in `Pulumi v3.260.0 with cloudflare 6.17.0, okta 6.8.0`."""
        plugins = ", ".join(f"{name} {version}" for name, version in self.plugins.items())
        return f"Pulumi v{self.command.version} with {plugins}"


@dataclass(frozen=True)
class NoEngine:
    """Why the program cannot be run with an engine here."""

    reason: str


# All three: the engine asks for the plugin of every provider SDK in the virtual environment.
PROVIDERS = ("cloudflare", "okta", "azuread")


def find_engine() -> Engine | NoEngine:
    """The engine on PATH, or one installed now, with the three provider plugins.

    Downloads only what is missing and only where the network allows it.
    """
    if shutil.which("pulumi"):
        command = PulumiCommand(skip_version_check=True)
    else:
        if not _network():
            return NoEngine(
                "there is no `pulumi` on PATH, and get.pulumi.com, where it could be installed "
                "from, does not answer"
            )
        try:
            command = PulumiCommand.install()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            return NoEngine(f"`pulumi` is not on PATH and installing it failed ({_line(error)})")
    plugins: dict[str, str] = {}
    for provider in PROVIDERS:
        version = _plugin_version(command, provider) or _installed(command, provider)
        if version is None:
            return NoEngine(
                f"the provider plugin {provider} is neither installed nor to be downloaded here"
            )
        plugins[provider] = version
    return Engine(command, plugins)


def _plugin_version(command: PulumiCommand, provider: str) -> str | None:
    on_path = shutil.which(f"pulumi-resource-{provider}")
    if on_path:
        asked = subprocess.run([on_path, "--version"], capture_output=True, text=True, timeout=60)
        return asked.stdout.strip().removeprefix("v") or "unknown"
    listed = _run(command, "plugin", "ls", "--json")
    wanted = metadata.version(f"pulumi-{provider}")
    found = [p["version"] for p in json.loads(listed or "[]") if p["name"] == provider]
    return wanted if wanted in found else None


def _installed(command: PulumiCommand, provider: str) -> str | None:
    if not _network():
        return None
    version = metadata.version(f"pulumi-{provider}")
    done = _run(command, "plugin", "install", "resource", provider, version)
    return version if done is not None else None


def _run(command: PulumiCommand, *arguments: str) -> str | None:
    done = subprocess.run(
        [command.command, *arguments, "--non-interactive"],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=Path.home(),
    )
    return done.stdout if done.returncode == 0 else None


def _network() -> bool:
    try:
        with socket.create_connection(_DOWNLOADS, timeout=_CONNECT_SECONDS):
            return True
    except OSError:
        return False


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__

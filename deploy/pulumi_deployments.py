"""Sets up a stack's Pulumi Deployments from a settings file of this folder.

`python deploy/pulumi_deployments.py FILE ORGANISATION/PROJECT/STACK [--run]` prints the command of
the engine in .pulumi.version, which has no `settings push`; with --run it runs it. The secrets that
the file's first pre-run command asks for are taken from the environment, and never printed.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

HIDDEN = "[secret]"
UNPINNED = "@sha256:" + "0" * 64
"""What stands behind the image's tag until `deploy/kubernetes/pin` has run."""


def flags(settings: dict, secrets: dict[str, str]) -> Iterator[str]:
    """The options of `pulumi deployment settings edit` for a settings file."""
    git, hub, run = (settings[key] for key in ("sourceContext", "gitHub", "operationContext"))
    yield from ("--github-repo", hub["repository"], "--branch", git["git"]["branch"])
    yield from ("--folder", git["git"]["repoDir"])
    yield f"--preview-prs={str(hub['previewPullRequests']).lower()}"
    yield f"--push-to-deploy={str(hub['deployCommits']).lower()}"
    yield from ("--path-filter", ",".join(hub["paths"]))
    yield from ("--executor-image", settings["executorContext"]["executorImage"]["reference"])
    azure = run.get("oidc", {}).get("azure", {})
    for key, option in (
        ("clientId", "client"),
        ("tenantId", "tenant"),
        ("subscriptionId", "subscription"),
    ):
        if key in azure:
            yield from (f"--oidc-azure-{option}-id", azure[key])
    for command in run["preRunCommands"]:
        yield from ("--pre-run-command", command)
    for name, value in run["environmentVariables"].items():
        yield from ("--env", f"{name}={value}")
    for name, value in secrets.items():
        yield from ("--secret-env", f"{name}={value}")
    yield f"--skip-install-deps={str(run['options']['skipInstallDependencies']).lower()}"
    yield "--skip-intermediate-deployments"


def main(arguments: list[str]) -> int:
    """Prints or runs -> the exit code: 2 for wrong usage, 3 for a secret or digest not there."""
    run = "--run" in arguments
    given = [word for word in arguments if word != "--run"]
    if len(given) != 2 or not Path(given[0]).is_file():
        print("pulumi_deployments: write FILE ORGANISATION/PROJECT/STACK [--run]", file=sys.stderr)
        return 2
    settings = yaml.safe_load(Path(given[0]).read_text())["settings"]
    first = settings["operationContext"]["preRunCommands"][0]
    names = re.split(r"\s+", first.split("for name in ")[1].split(";")[0].strip())
    missing = [name for name in names if not os.environ.get(name)]
    command = ["pulumi", "deployment", "settings", "edit", "--stack", given[1]]
    print(shlex.join([*command, *flags(settings, dict.fromkeys(names, HIDDEN))]))
    if not run:
        print("# Nothing was done. Export the secrets, then run it again with --run.")
        return 0
    if UNPINNED in settings["executorContext"]["executorImage"]["reference"]:
        print(
            f"{given[0]}: the image has no digest yet; nothing was done; run deploy/kubernetes/pin "
            "first",
            file=sys.stderr,
        )
        return 3
    if missing:
        print(
            f"not set: {', '.join(missing)}; nothing was done; export them first", file=sys.stderr
        )
        return 3
    secrets = {name: os.environ[name] for name in names}
    return subprocess.run([*command, *flags(settings, secrets)], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

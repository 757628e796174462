"""The settings files for Pulumi Deployments: Pulumi's own keys, no secret, steps that run."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "deploy").glob("*.deploy.yaml"))

# apitype.DeploymentSettings of pulumi/pulumi, as far as it is used here; True: any text or flag.
KEYS: dict[str, object] = {
    "executorContext": {"executorImage": {"reference": True}},
    "sourceContext": {"git": {"branch": True, "repoDir": True}},
    "gitHub": {
        "repository": True,
        "previewPullRequests": True,
        "deployCommits": True,
        "paths": True,
    },
    "operationContext": {
        "oidc": {"azure": {"clientId": True, "tenantId": True, "subscriptionId": True}},
        "preRunCommands": True,
        "environmentVariables": True,
        "options": {
            "skipInstallDependencies": True,
            "skipIntermediateDeployments": True,
            "remediateIfDriftDetected": True,
        },
    },
}


def _unknown(value: object, keys: object, path: str) -> list[str]:
    if not isinstance(value, dict) or not isinstance(keys, dict):
        return []
    more = [f"{path}.{key}" for key in value if key not in keys]
    known = [
        _unknown(inner, keys[key], f"{path}.{key}") for key, inner in value.items() if key in keys
    ]
    return [*more, *(one for found in known for one in found)]


def _before_the_run(file: Path) -> list[str]:
    return yaml.safe_load(file.read_text())["settings"]["operationContext"]["preRunCommands"]


def test_both_identity_providers_are_there() -> None:
    assert [file.name for file in FILES] == ["entra-prod.deploy.yaml", "okta-prod.deploy.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_keys_are_pulumis_own(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    assert list(content) == ["settings"]
    assert _unknown(content["settings"], KEYS, "settings") == []


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_every_watched_path_is_in_the_repository(file: Path) -> None:
    stack = file.name.removesuffix(".deploy.yaml")
    for path in yaml.safe_load(file.read_text())["settings"]["gitHub"]["paths"]:
        here = ROOT / path.removesuffix("/**")
        example = ROOT / "examples" / f"Pulumi.{stack}.yaml"
        assert here.exists() or path == example.name, path
        assert path != f"Pulumi.{stack}.yaml" or example.exists()


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_whatever_a_deployment_runs_is_watched(file: Path) -> None:
    """The steps before the update, the scripts that these call in turn, and what is installed."""
    watched = yaml.safe_load(file.read_text())["settings"]["gitHub"]["paths"]
    todo, seen = [" ".join(_before_the_run(file))], set()
    while todo:
        called = {*re.findall(r"(?:deploy/[a-z_]+|requirements\S*\.txt)\b", todo.pop())} - seen
        todo += [(ROOT / path).read_text() for path in called if path.startswith("deploy/")]
        seen |= called
    assert seen >= {"deploy/pipeline", "deploy/install", "requirements.txt"}
    assert not seen - {*watched}


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_missing_secret_is_named_before_pulumi_starts(file: Path) -> None:
    command = _before_the_run(file)[0]
    names = command.split("for name in ")[1].split(";")[0].split()
    environment = {"PATH": "/usr/bin:/bin", **dict.fromkeys(names, "x")}

    def run(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True)

    assert run(environment).returncode == 0
    for name in names:
        done = run({**environment, name: ""})
        assert done.returncode == 1
        assert done.stdout.startswith(f"{name} is not set")


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_code_that_nobody_approved_gets_no_credential_and_no_state(file: Path) -> None:
    settings = yaml.safe_load(file.read_text())["settings"]
    assert settings["gitHub"]["previewPullRequests"] is False
    assert settings["sourceContext"]["git"]["branch"] == "refs/heads/main"


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.name)
def test_an_update_is_compared_with_the_last_one_and_runs_under_the_rules(file: Path) -> None:
    stack = file.name.removesuffix(".deploy.yaml")
    assert _before_the_run(file)[1:] == [f"deploy/pipeline before {stack}"]
    environment = yaml.safe_load(file.read_text())["settings"]["operationContext"]
    given = environment["environmentVariables"]
    assert given["PULUMI_RUN_PROGRAM"] == "true"
    assert given["PULUMI_OPTION_POLICY_PACK"] == "policy"
    assert given["PULUMI_OPTION_POLICY_PACK_CONFIG"] == ".before/policy.json"

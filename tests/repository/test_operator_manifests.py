"""The Kubernetes manifests are what the operator's own definitions take, key for key."""

import copy
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SPECS = ROOT.parent / "shared" / "specs" / "pulumi-operator"
STACKS = sorted((ROOT / "deploy" / "kubernetes").glob("stack-*.yaml"))
Schema = dict[str, object]


@pytest.fixture(scope="module")
def schema() -> Schema:
    """The published schema of `pulumi.com/v1` Stack, which knows no further key."""
    file = SPECS / "pulumi.com_stacks.yaml"
    if not file.exists():
        pytest.skip("../shared/specs/pulumi-operator is not here")
    documents = [one for one in yaml.safe_load_all(file.read_text()) if one]
    versions = documents[0]["spec"]["versions"]
    published = next(v["schema"]["openAPIV3Schema"] for v in versions if v["name"] == "v1")
    return _closed(published)


def _closed(schema: object) -> object:
    """Kubernetes drops an unknown key without a word; here it is an error."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    open_ = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not open_:
        closed["additionalProperties"] = False
    return closed


def _problems(schema: Schema, manifest: Schema) -> list[str]:
    validator = pytest.importorskip("jsonschema").Draft202012Validator
    # metadata is checked by the API server itself, not by the definition.
    given = {key: value for key, value in manifest.items() if key != "metadata"}
    return [f"{e.json_path}: {e.message}" for e in validator(schema).iter_errors(given)]


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_stack_is_what_the_operator_takes(schema: Schema, file: Path) -> None:
    assert _problems(schema, yaml.safe_load(file.read_text())) == []


def test_a_slip_is_seen(schema: Schema) -> None:
    manifest = yaml.safe_load(STACKS[0].read_text())
    for slip in (
        {"projectRepos": "x"},
        {"destroyOnFinalize": "no"},
        {"envRefs": {"A": {"secret": {}}}},
    ):
        wrong = copy.deepcopy(manifest)
        wrong["spec"].update(slip)
        assert _problems(schema, wrong) != [], slip


def test_both_identity_providers_are_there() -> None:
    assert [file.stem for file in STACKS] == ["stack-entra", "stack-okta"]


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_credentials_come_from_secrets_and_nothing_is_destroyed(file: Path) -> None:
    spec = yaml.safe_load(file.read_text())["spec"]
    assert spec["destroyOnFinalize"] is False
    for name, ref in spec["envRefs"].items():
        if re.search("TOKEN|KEY|SECRET|PASSPHRASE|CLIENT_ID", name):
            assert ref["type"] == "Secret", name
            assert ref["secret"]["key"] == name
        else:
            assert ref["type"] == "Literal", name


def test_the_workspace_runs_as_the_account_made_for_it() -> None:
    documents = (ROOT / "deploy/kubernetes/workspace-account.yaml").read_text()
    account, binding = yaml.safe_load_all(documents)
    name = account["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": name, "namespace": account["metadata"]["namespace"]}
    ]
    for file in STACKS:
        manifest = yaml.safe_load(file.read_text())
        assert manifest["spec"]["serviceAccountName"] == name
        assert manifest["metadata"]["namespace"] == account["metadata"]["namespace"]


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_workspace_starts_under_the_restricted_profile(file: Path) -> None:
    """That profile sets runAsNonRoot, and the image without `-nonroot` runs as root."""
    spec = yaml.safe_load(file.read_text())["spec"]
    template = spec["workspaceTemplate"]["spec"]
    version = (ROOT / ".pulumi.version").read_text().strip()
    assert template["securityProfile"] == "restricted"
    assert re.fullmatch(
        rf"pulumi/pulumi-python:{re.escape(version)}-nonroot@sha256:[0-9a-f]{{64}}",
        template["image"],  # zeros until `pin` has run: a tag alone could be moved
    )
    assert spec["refresh"] is True
    assert spec["envRefs"]["PULUMI_RUN_PROGRAM"]["literal"]["value"] == "true"


def test_pin_writes_the_digest_that_the_registry_gives(tmp_path: Path) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(ROOT / "deploy" / "kubernetes", folder)
    shutil.copy(ROOT / ".pulumi.version", tmp_path / ".pulumi.version")
    digest = "sha256:" + "0a" * 32
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\necho {digest}\n')
    docker.chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    for _ in range(2):
        done = subprocess.run([folder / "pin"], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    for file in sorted(folder.glob("stack-*.yaml")):
        image = yaml.safe_load(file.read_text())["spec"]["workspaceTemplate"]["spec"]["image"]
        assert image.endswith(f"-nonroot@{digest}")
    assert "imagetools inspect" in (tmp_path / "called").read_text()
    docker.write_text("#!/bin/sh\nexit 1\n")
    assert subprocess.run([folder / "pin"], env=env, capture_output=True).returncode == 1

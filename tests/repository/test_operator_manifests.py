"""The Kubernetes manifests are what the operator's own definitions take, key for key."""

import copy
import re
import shutil
import subprocess
from dataclasses import dataclass
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
    """That profile sets runAsNonRoot; of the engine's images only `pulumi/pulumi` has a variant that
    does not run as root, with the user id 1000 (pulumi-docker-containers, release.yml: D)."""
    spec = yaml.safe_load(file.read_text())["spec"]
    template = spec["workspaceTemplate"]["spec"]
    version = (ROOT / ".pulumi.version").read_text().strip()
    assert template["securityProfile"] == "restricted"
    assert re.fullmatch(
        rf"pulumi/pulumi:{re.escape(version)}-nonroot@sha256:[0-9a-f]{{64}}",
        template["image"],  # zeros until `pin` has run: a tag alone could be moved
    )
    assert spec["refresh"] is True
    assert spec["envRefs"]["PULUMI_RUN_PROGRAM"]["literal"]["value"] == "true"


def _pod(spec: Schema) -> Schema:
    """The workspace's pod as the operator makes it, then merged with the template of the Stack, lists
    by name (pulumi-kubernetes-operator 2.x, workspace_controller.go, newStatefulSet: D)."""
    template = spec.get("podTemplate", {"spec": {}})
    limits = {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}
    safe = {"allowPrivilegeEscalation": False, "capabilities": limits}
    restricted = {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000}
    hard = spec["securityProfile"] == "restricted"
    own = {
        "securityContext": {
            "seccompProfile": {"type": "RuntimeDefault"},
            **(restricted if hard else {}),
        },
        "volumes": [{"name": "share", "emptyDir": {}}],
        **{
            kind: [{"name": name, **({"securityContext": safe} if hard else {})} for name in names]
            for kind, names in (
                ("initContainers", ("bootstrap", "fetch")),
                ("containers", ("pulumi",)),
            )
        },
    }
    given = template["spec"]  # the operator reads it without looking whether it is there
    lists = ("containers", "initContainers", "volumes")
    merged = {**own, **{key: value for key, value in given.items() if key not in lists}}
    for key in lists:
        by_name = {item["name"]: item for item in own[key]}
        for item in given.get(key, []):
            by_name[item["name"]] = {**by_name.get(item["name"], {}), **item}
        merged[key] = [*by_name.values()]
    return merged


VOLUMES = {
    *("name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral"),
    *("persistentVolumeClaim", "projected", "secret"),
}


def _refused_by_restricted(pod: Schema) -> list[str]:
    """What Kubernetes' Pod Security Standard `restricted` refuses in a pod (D)."""
    problems = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    problems += [f"volume {v['name']}" for v in pod["volumes"] if not {*v} <= VOLUMES]
    whole = pod.get("securityContext", {})
    problems += ["sysctls"] if whole.get("sysctls") else []
    for container in (*pod["containers"], *pod["initContainers"]):
        own = container.get("securityContext", {})
        context = {**whole, **own}
        capabilities = own.get("capabilities", {})
        wrong = {
            "runAsNonRoot": context.get("runAsNonRoot") is not True,
            "runAsUser": context.get("runAsUser") == 0,
            "seccompProfile": context.get("seccompProfile", {}).get("type")
            not in ("RuntimeDefault", "Localhost"),
            "allowPrivilegeEscalation": own.get("allowPrivilegeEscalation") is not False,
            "capabilities": "ALL" not in capabilities.get("drop", [])
            or not {*capabilities.get("add", [])} <= {"NET_BIND_SERVICE"},
            "privileged": own.get("privileged"),
            "procMount": own.get("procMount", "Default") != "Default",
            "hostPort": any(port.get("hostPort") for port in container.get("ports", [])),
        }
        problems += [f"{container['name']}: {name}" for name, is_wrong in wrong.items() if is_wrong]
    return problems


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_workspace_is_admitted_where_restricted_is_enforced(file: Path) -> None:
    spec = yaml.safe_load(file.read_text())["spec"]["workspaceTemplate"]["spec"]
    assert _refused_by_restricted(_pod(spec)) == []
    for slip in (
        {"securityProfile": "baseline"},
        {"podTemplate": {"spec": {"hostNetwork": True}}},
        {"podTemplate": {"spec": {"containers": [{"name": "pulumi", "securityContext": {}}]}}},
        {"podTemplate": {"spec": {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}}},
        {"podTemplate": {"spec": {"containers": [{"name": "more"}]}}},
    ):
        assert _refused_by_restricted(_pod({**spec, **slip})) != [], slip


LABEL = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
"""What the API server takes as a label's value (apimachinery, validation.IsValidLabelValue)."""
OTHERS = ("gitlab/.gitlab-ci.yml", "azure-devops/azure-pipelines.yml", "okta-prod.deploy.yaml")
REGISTRY = """#!/bin/sh
echo "$@" >> {folder}/called
[ ! -e {folder}/broken ] || exit 1
printf 'sha256:%064d\\n' "$(printf %s "$4" | wc -c)"
"""


@dataclass
class Pinning:
    """A copy of `deploy/`, and `pin` with a registry that gives each image a digest of its own."""

    folder: Path

    def run(self, *files: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": f"{self.folder}:/usr/bin:/bin"}
        command = [self.folder / "deploy" / "kubernetes" / "pin", *files]
        return subprocess.run(
            command, env=env, cwd=self.folder / "deploy", capture_output=True, text=True
        )

    def text(self, name: str) -> str:
        return (self.folder / "deploy" / name).read_text()


@pytest.fixture
def pinning(tmp_path: Path) -> Pinning:
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    docker = tmp_path / "docker"
    docker.write_text(REGISTRY.format(folder=tmp_path))
    docker.chmod(0o755)
    return Pinning(tmp_path)


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_an_update_is_compared_with_the_last_one_before_the_workspace_starts(file: Path) -> None:
    """The operator puts the containers of a template behind its own (mergePodTemplateSpec: D), and
    replaces the pod when the commit changes."""
    spec = yaml.safe_load(file.read_text())["spec"]
    pod = _pod(spec["workspaceTemplate"]["spec"])
    *own, before = pod["initContainers"]
    assert [container["name"] for container in own] == ["bootstrap", "fetch"]
    assert before["command"] == ["deploy/pipeline", "before", spec["stack"]]
    assert (ROOT / before["command"][0]).stat().st_mode & 0o111
    assert before["image"] == spec["workspaceTemplate"]["spec"]["image"]
    # What the engine is given, the comparison is given: the Secret whole, and the rest by name.
    refs = spec["envRefs"]
    secrets = {ref["secret"]["name"] for ref in refs.values() if ref["type"] == "Secret"}
    assert {each["secretRef"]["name"] for each in before["envFrom"]} == secrets
    given = {variable["name"]: variable["value"] for variable in before["env"]}
    assert given.pop("PULUMI_BACKEND_URL") == spec["backend"]
    literal = {name: ref["literal"]["value"] for name, ref in refs.items() if "literal" in ref}
    options = {name: value for name, value in literal.items() if name not in given}
    assert {name: literal[name] for name in given} == given
    assert options == {
        "PULUMI_OPTION_POLICY_PACK": "policy",
        "PULUMI_OPTION_POLICY_PACK_CONFIG": ".before/policy.json",
    }


@pytest.mark.parametrize("file", STACKS, ids=lambda f: f.stem)
def test_nothing_is_applied_before_it_is_pinned(file: Path) -> None:
    (said,) = yaml.safe_load(file.read_text())["metadata"]["labels"].values()
    assert not LABEL.fullmatch(said)
    assert "run deploy/kubernetes/pin first" in said


def test_pin_writes_the_digests_that_the_registry_gives(pinning: Pinning) -> None:
    for _ in range(2):
        done = pinning.run()
        assert done.returncode == 0, done.stderr
    pinned = done.stdout.split()
    assert len({image.split("@")[1] for image in pinned}) == len(pinned) == 2
    for file in STACKS:
        manifest = yaml.safe_load(pinning.text(f"kubernetes/{file.name}"))
        image = manifest["spec"]["workspaceTemplate"]["spec"]["image"]
        assert image in pinned
        assert image.split("@")[0].endswith("-nonroot")
        assert all(LABEL.fullmatch(value) for value in manifest["metadata"]["labels"].values())
    for name in OTHERS:
        assert any(image in pinning.text(name).split() for image in pinned), name
        assert "0" * 64 not in pinning.text(name)
    assert "imagetools inspect" in (pinning.folder / "called").read_text()


def test_pin_writes_into_the_files_that_are_named_alone(pinning: Pinning) -> None:
    assert pinning.run("gitlab/.gitlab-ci.yml").returncode == 0
    assert "0" * 64 not in pinning.text(OTHERS[0])
    assert "0" * 64 in pinning.text(OTHERS[1])
    assert pinning.run("nowhere.yml").returncode == 2


def test_pin_writes_nothing_where_the_registry_gives_nothing(pinning: Pinning) -> None:
    before = [pinning.text(name) for name in OTHERS]
    (pinning.folder / "broken").touch()
    done = pinning.run()
    assert done.returncode == 1
    assert "nothing was written" in done.stderr
    assert [pinning.text(name) for name in OTHERS] == before


def test_every_image_is_named_with_a_digest() -> None:
    v = re.escape((ROOT / ".pulumi.version").read_text().strip())
    named = re.compile(r"^\s*-?\s*(?:image|reference): (.*)$", re.MULTILINE)
    pinned = re.compile(rf"pulumi/pulumi(-python:{v}|:{v}-nonroot)@sha256:[0-9a-f]{{64}}")
    files = [file for file in (ROOT / "deploy").rglob("*.y*ml") if named.search(file.read_text())]
    assert len(files) == 6
    for file in files:
        assert all(pinned.fullmatch(image) for image in named.findall(file.read_text())), file

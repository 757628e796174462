"""Provider SDKs by the module: the plan is the ordinary import's, and nothing unused is loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.sdk import KNOWN
from tests.configs import COMBINATIONS
from tests.plan.guide_kit import config
from tests.plan.plan_kit import write

ROOT = Path(__file__).parents[2]
RUN = (
    "import sys; import components.sdk as sdk; {before}; "
    "from cfscim.plan.command import Request, run; "
    "run(Request(output='json')); "
    "print([m for m in sys.modules if m.startswith('pulumi_')], file=sys.stderr)"
)
Planned = tuple[dict[str, dict[str, object]], list[str]]


class Plans:
    """The stacks of each identity provider in a folder, planned once for every way to import."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self.folders = folders
        self.made: dict[tuple[str, str], Planned] = {}

    def of(self, kind: str, before: str = "pass") -> Planned:
        """The plans by stack, and the modules of provider SDKs that one process loaded for them."""
        if (kind, before) not in self.made:
            done = subprocess.run(
                [sys.executable, "-c", RUN.format(before=before)],
                cwd=self.folders[kind],
                env={"PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                check=True,
            )
            plans = {plan["stack"]: plan for plan in json.loads(done.stdout)}
            modules = json.loads(done.stderr.splitlines()[-1].replace("'", '"'))
            self.made[kind, before] = plans, modules
        return self.made[kind, before]


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Plans:
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in ("okta", "entra")}
    for number, combination in enumerate(COMBINATIONS):
        content = config(combination)
        content["account"]["id"] = f"{number:031x}a"
        if combination[0] == "okta":
            content["identityProvider"]["orgName"] = f"example{number}"
        write(folders[combination[0]], "-".join(combination), content)
    return Plans(folders)


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_the_plan_is_that_of_the_ordinary_import(plans: Plans, combination) -> None:
    kind, stack = combination[0], "-".join(combination)
    by_module, few = plans.of(kind)
    whole, many = plans.of(kind, "sdk.KNOWN.clear()")
    assert by_module[stack] == whole[stack]
    assert by_module[stack]["resources"]
    assert len(few) < 40 < 500 < len(many)
    unused = "pulumi_azuread" if kind == "okta" else "pulumi_okta"
    assert not [name for name in few if name.startswith(unused)]


@pytest.mark.parametrize("package", sorted(KNOWN))
def test_another_version_is_imported_as_usual(plans: Plans, package: str) -> None:
    kind = "entra" if package == "pulumi_azuread" else "okta"
    usual, modules = plans.of(kind, f"sdk.KNOWN['{package}'] = '0.0.1'")
    assert usual == plans.of(kind)[0]
    assert len([name for name in modules if name.startswith(package)]) > 60


def test_the_known_versions_are_the_pinned_ones() -> None:
    pins = (ROOT / "requirements.txt").read_text()
    for package, version in KNOWN.items():
        assert f"{package.replace('_', '-')}=={version}" in pins


def test_a_name_that_no_module_is_called_after_is_found_all_the_same() -> None:
    code = (
        "import components.sdk, pulumi_okta as okta; "
        "print(okta.app.Saml.__name__, okta.group.Group.__name__, okta.Provider.__name__, "
        "okta.GetAppsResult.__name__, okta.AppUserSchemaPropertyArgs.__name__, "
        "hasattr(okta, 'NoSuchThing'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    assert done.stdout.split() == [
        *("Saml", "Group", "Provider"),
        *("GetAppsResult", "AppUserSchemaPropertyArgs", "False"),
    ], done.stderr

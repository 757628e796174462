"""Provider SDKs by the module: the plan is the ordinary import's, and nothing unused is loaded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from components.sdk import KNOWN
from tests.plan.guide_kit import COMBINATIONS, config
from tests.plan.plan_kit import write

ROOT = Path(__file__).parents[2]
RUN = (
    "import sys; import components.sdk as sdk; {before}; "
    "from cfscim.plan.command import Request, run; "
    "run(Request(stack='dev', output='json')); "
    "print([m for m in sys.modules if m.startswith('pulumi_')], file=sys.stderr)"
)


def planned(folder: Path, before: str = "pass") -> tuple[dict[str, object], list[str]]:
    """The plan of stack `dev`, and the modules of provider SDKs that it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(before=before)],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), json.loads(done.stderr.splitlines()[-1].replace("'", '"'))


@pytest.mark.parametrize("combination", COMBINATIONS, ids="-".join)
def test_the_plan_is_that_of_the_ordinary_import(tmp_path: Path, combination) -> None:
    write(tmp_path, "dev", config(combination))
    by_module, few = planned(tmp_path)
    whole, many = planned(tmp_path, "sdk.KNOWN.clear()")
    assert by_module == whole
    assert len(few) < 40 < 500 < len(many)
    unused = "pulumi_azuread" if "okta" in combination else "pulumi_okta"
    assert not [name for name in few if name.startswith(unused)]


@pytest.mark.parametrize("package", sorted(KNOWN))
def test_another_version_is_imported_as_usual(tmp_path: Path, package: str) -> None:
    write(tmp_path, "dev", config(COMBINATIONS[0 if package != "pulumi_azuread" else 4]))
    usual, modules = planned(tmp_path, f"sdk.KNOWN['{package}'] = '0.0.1'")
    assert usual == planned(tmp_path)[0]
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

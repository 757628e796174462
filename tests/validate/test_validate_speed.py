"""`validate` on 200 files stays near the cost of importing its parsers, and imports little."""

import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

ROOT = Path(__file__).parents[2]
GOOD = (Path(__file__).parents[1] / "config" / "stacks" / "contract-okta.yaml").read_text()
FILES = 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of 200 valid stacks, each with its own account and organisation."""
    endless = GOOD.replace("expiresOn: 2027-05-20T00:00:00Z", "")
    for number in range(FILES):
        text = endless.replace("0123456789abcdef0123456789abcdef", f"a{number:031x}")
        text = text.replace("orgName: example", f"orgName: example{number}")
        (tmp_path / f"Pulumi.s{number}.yaml").write_text(text)
    return tmp_path


def _seconds(command: list[str], folder: Path) -> float:
    """Processor time of the cheapest of three runs, so that other work does not count."""
    taken = []
    for _ in range(3):
        before = getrusage(RUSAGE_CHILDREN)
        subprocess.run(
            command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True
        )
        after = getrusage(RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def test_200_files_cost_little_more_than_the_imports(folder: Path) -> None:
    imports = _seconds([sys.executable, "-c", "import pydantic, yaml"], folder)
    ours = _seconds([sys.executable, "-m", "cfscim", "validate"], folder)
    assert ours < 1.5 * imports + 0.002 * FILES, f"{ours:.3f} s against {imports:.3f} s of imports"


def test_neither_pulumi_nor_other_heavy_modules_are_imported(folder: Path) -> None:
    program = (
        "import sys; sys.argv = ['cfscim', 'validate', 'Pulumi.s1.yaml']\n"
        "from cfscim.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0, end.code\n"
        "heavy = ('pulumi', 'rich', 'httpx', 'grpc', 'jsonschema', 'sandbox', 'asyncio')\n"
        "print(','.join(name for name in heavy if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == ""

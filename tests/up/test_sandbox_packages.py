"""Where only production's packages are installed, `up` says what is missing and how it is had."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_missing_packages_of_the_sandbox_are_one_line_that_helps(tmp_path: Path) -> None:
    (tmp_path / "werkzeug").mkdir()
    (tmp_path / "werkzeug" / "__init__.py").write_text(
        'raise ModuleNotFoundError("No module named \'werkzeug\'", name="werkzeug")\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "cfscim", "up", "--stack", "dev"],
        cwd=ROOT,
        env={**os.environ, "PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert f"run make -C {ROOT} sandbox" in line
    assert "sandbox:" in (ROOT / "Makefile").read_text()

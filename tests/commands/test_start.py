"""What a command costs before it says anything, and what it never loads. Processor time and order
are judged, which other work on the machine does not change."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = ("pulumi", "grpc", "httpx", "rich", "pydantic", "yaml", "azure", "msal", "jsonschema")
RUN = """
import json, sys, time

class Screen:
    first = None
    encoding = "utf-8"
    def isatty(self): return True
    def fileno(self): return 2
    def flush(self): pass
    def write(self, text):
        if text and Screen.first is None:
            loaded = [name for name in HEAVY if name in sys.modules]
            Screen.first = [text, round(time.process_time(), 2), loaded]

sys.stderr = Screen()
from cfscim.__main__ import main
try:
    main()
except BaseException:
    pass
print(json.dumps(Screen.first))
"""
LOADED = """
import io, json, sys
from contextlib import redirect_stdout
from cfscim.__main__ import main
found = {}
for words in json.loads(sys.argv[1]):
    sys.argv = ["cfscim", *words.split()]
    with redirect_stdout(io.StringIO()):
        try:
            main()
        except SystemExit as end:
            assert not end.code, (words, end.code)
    found[words] = [name for name in HEAVY if name in sys.modules]
print(json.dumps(found))
"""
NEVER = {
    "schema": {"pulumi", "grpc", "httpx", "rich", "azure", "jsonschema"},
    "validate": {"pulumi", "grpc", "httpx", "rich", "azure", "jsonschema"},
    "access": {"pulumi", "grpc", "httpx", "rich", "azure", "jsonschema"},
    "access --format html": {"pulumi", "grpc", "httpx", "rich", "azure", "jsonschema"},
    "plan --stack dev --format json": {"httpx", "rich", "azure", "jsonschema", "pulumi_azuread"},
    "plan --stack dev": {"httpx", "azure", "jsonschema", "pulumi_azuread"},
}
"""From the lightest on: they run in one process, one after the other."""


def python(code: str, *words: str) -> str:
    names = (*HEAVY, "pulumi_azuread", "pulumi_okta")
    done = subprocess.run(
        [sys.executable, "-c", f"HEAVY = {names!r}\n{code}", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        *("verify --stack dev", "steps --stack dev", "preflight --stack dev", "adopt --stack dev"),
        *("up --stack nope", "plan --stack dev", "access", "access --live"),
        "restore-super-admin --stack dev --person ada@example.com",
    ],
)
def test_a_terminal_shows_something_before_anything_is_loaded(
    words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("CLOUDFLARE_", "OKTA_", "ARM_"))]:
        monkeypatch.delenv(name)
    text, seconds, loaded = json.loads(python(RUN, *words.split()))
    assert text.endswith("…")
    assert [name for name in loaded if name != "pydantic"] == [], "Typer itself loads pydantic"
    assert seconds < 0.4


def test_a_command_loads_nothing_that_it_does_not_need() -> None:
    found = json.loads(python(LOADED, json.dumps([*NEVER])))
    assert {words: NEVER[words] & set(names) for words, names in found.items()} == {
        words: set() for words in NEVER
    }
    assert "pulumi_okta" in found["plan --stack dev"], "nothing was looked at"


def used(*words: str) -> tuple[float, float]:
    """Processor seconds and MiB of the cheapest of two processes."""
    taken = []
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.stderr is not None
        said = process.stderr.read()
        process.stderr.close()
        assert process.returncode == 0, said
        taken.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return min(taken)


def test_a_plan_costs_little_more_than_importing_pulumi() -> None:
    seconds, memory = used("-c", "import pulumi")
    for stack in ("dev", "dev-entra"):
        plan_seconds, plan_memory = used("-m", "cfscim", "plan", "--stack", stack)
        assert plan_seconds <= 4 * seconds, (stack, plan_seconds, seconds)
        assert plan_memory <= 2 * memory, (stack, plan_memory, memory)


def test_the_plugin_loads_no_config_models_before_it_is_asked_to_change_anything() -> None:
    modules = sorted(
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for path in (ROOT / "components").rglob("*.py")
        if re.search(r"\((Rest|Repeated)Provider\)", path.read_text())
    )
    assert len(modules) >= 6
    code = (
        "import importlib, json, sys, pulumi.dynamic\n"
        "for name in json.loads(sys.argv[1]): importlib.import_module(name)\n"
        "print(json.dumps([name for name in HEAVY if name in sys.modules]))"
    )
    loaded = json.loads(python(code, json.dumps(modules)))
    assert not {"pydantic", "httpx", "rich", "azure", "msal"} & {*loaded}, loaded

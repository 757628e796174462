"""`make bench`: what this program costs beside a bare one and beside the plain version.

`python -m bench.run [RUNS]`: with fewer than five runs a figure, nothing is written.

Every figure is a median of several runs of whole processes; what counts are the ratios of one run,
since machines differ. Prints tables, writes `docs/performance.md` and `docs/performance.svg`.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from rich.console import Console
from rich.table import Table

from bench.with_engine import measure

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "bench"
STACKS = {"Okta": ROOT / "Pulumi.dev.yaml", "Entra": ROOT / "Pulumi.dev-entra.yaml"}
PROGRAMS = {
    "bare": BENCH / "empty" / "__main__.py",
    "plain": BENCH / "plain" / "__main__.py",
    "this program": ROOT / "__main__.py",
}
PYTHON = (sys.executable, "-m")
ENOUGH = 5
"""Runs of each figure without which nothing is written."""
PEOPLE = (4, 40, 400)
FOLDERS = (1, 20, 200)
LATENCIES = (0, 50, 100, 200)
"""Milliseconds that every call to a vendor takes longer."""


@dataclass(frozen=True)
class Cost:
    """A whole process: seconds of processor time and of wall time, peak memory in MiB."""

    cpu: float
    wall: float
    memory: float
    printed: tuple[str, ...] = ()
    """By every run, in turn."""


def cost(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> Cost:
    """The medians of several runs. Raises `RuntimeError` where the command fails."""
    taken = [_once(command, env, folder) for _ in range(_runs())]
    return Cost(
        statistics.median(one.cpu for one in taken),
        statistics.median(one.wall for one in taken),
        statistics.median(one.memory for one in taken),
        tuple(text for one in taken for text in one.printed),
    )


def _once(command: Sequence[str | Path], env: Mapping[str, str] | None, folder: Path) -> Cost:
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(env or os.environ),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        printed = out.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}:\n{printed[-2000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, (printed,))


def _runs() -> int:
    """How many runs a figure is the median of: the first argument."""
    return int((*sys.argv[1:], ENOUGH)[0])


def start_up() -> Table:
    """Start-up and plan: processor time, memory and resources, as ratios to `import pulumi`."""
    base = cost([sys.executable, "-c", "import pulumi"])
    table = _table(
        "Start-up and plan", "what", "CPU s", "x import pulumi", "MiB", "x MiB", "resources"
    )
    rows = {"import pulumi": base}
    rows["validate"] = cost([*PYTHON, "cfscim", "validate"])
    rows["bare program"] = cost([*PYTHON, "bench.declare", PROGRAMS["bare"], STACKS["Okta"]])
    for name, file in STACKS.items():
        for program in ("plain", "this program"):
            rows[f"{program}, {name}"] = cost([*PYTHON, "bench.declare", PROGRAMS[program], file])
        stack = file.stem.removeprefix("Pulumi.")
        rows[f"plan, {name}"] = cost([*PYTHON, "cfscim", "plan", "--stack", stack])
    for what, found in rows.items():
        declared = (
            found.printed[-1].strip().splitlines()[-1:]
            if "program" in what or "plain" in what
            else []
        )
        table.add_row(
            what,
            f"{found.cpu:.2f}",
            f"{found.cpu / base.cpu:.1f}",
            f"{found.memory:.0f}",
            f"{found.memory / base.memory:.1f}",
            *declared,
        )
    return table


def growth(folder: Path) -> Table:
    """`plan` over more people in a stack, and over more stacks in a folder."""
    table = _table("Growth of plan", "what", "wall s", "CPU s", "compared")
    first, declared = None, _declared()
    for number in PEOPLE:
        where = folder / f"people-{number}"
        where.mkdir()
        _write_stack(where, "dev", number)
        found = cost([*PYTHON, "cfscim", "plan", "--stack", "dev"], folder=where, env=_here())
        first = first or found
        each = (found.cpu - first.cpu) / max(1, number - PEOPLE[0]) * 1000
        table.add_row(
            f"{number} people", f"{found.wall:.2f}", f"{found.cpu:.2f}", f"{each:.2f} ms a person"
        )
    for number in FOLDERS:
        where = folder / f"stacks-{number}"
        where.mkdir()
        for index in range(number):
            _write_stack(where, f"s{index}", 4, index)
        found = cost([*PYTHON, "cfscim", "plan", where], folder=where, env=_here())
        bare = cost([*PYTHON, "bench.many", str(number), *declared])
        table.add_row(
            f"{number} stacks",
            f"{found.wall:.2f}",
            f"{found.cpu:.2f}",
            f"{found.cpu / bare.cpu:.1f} x as many bare programs",
        )
    return table


def _declared() -> tuple[str, str]:
    """How many resources and how many components the program declares for Okta."""
    plan = [*PYTHON, "cfscim", "plan", "--stack", "dev", "--format", "json"]
    done = subprocess.run(plan, cwd=ROOT, check=True, capture_output=True, text=True)
    types = [resource["type"] for resource in json.loads(done.stdout)["resources"]]
    components = sum(type_.startswith("cloudflare-scim:") for type_ in types)
    return str(len(types) - components), str(components)


def _here() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _write_stack(folder: Path, stack: str, people: int, index: int = 0) -> None:
    given = yaml.safe_load(STACKS["Okta"].read_text())
    scim = given["config"]["cloudflare-scim:scim"]
    scim["account"]["id"] = f"abcdef{index:026x}"
    scim["identityProvider"]["orgName"] = f"example-{index}"
    names = [f"person-{number}@example.com" for number in range(people)]
    half = max(1, len(names) // 2)
    scim["roles"] = {
        "Administrator": {"members": names[:half]},
        "Super Administrator - All Privileges": {"members": names[half:]},
    }
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump(given))


def latency() -> Table:
    """`up` in rehearsal while every call to a vendor takes longer, beside its longest chain."""
    table = _table(
        "Vendors that take longer",
        "stack and each call",
        "up, wall s",
        "longest chain s",
        "x chain",
    )
    for name, file in STACKS.items():
        for milliseconds in LATENCIES:
            found = cost([*PYTHON, "bench.slow_up", str(milliseconds), file])
            wall = statistics.median(float(text.split()[-2]) for text in found.printed)
            chain = int(found.printed[0].split()[-1]) * milliseconds / 1000
            table.add_row(
                f"{name}, {milliseconds} ms",
                f"{wall:.1f}",
                f"{chain:.1f}",
                f"{wall / chain:.2f}" if chain else "",
            )
    return table


def engine(folder: Path) -> Table | None:
    """preview, up and an up that changes nothing, by a real engine against the sandbox."""
    found = measure(folder, PROGRAMS, STACKS, _runs())
    if found is None:
        return None
    table = _table(
        "With the engine", "program", "preview s", "x bare", "up s", "no-change up s", "x bare"
    )
    bare = found["bare"]
    for name, (preview, update, again) in found.items():
        table.add_row(
            name,
            f"{preview:.1f}",
            f"{preview / bare[0]:.2f}",
            f"{update:.1f}",
            f"{again:.1f}",
            f"{again / bare[2]:.2f}",
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    return table


def markdown(table: Table) -> str:
    """The table as Markdown."""
    cells = [list(column.cells) for column in table.columns]
    rows = [[str(column[index]) for column in cells] for index in range(table.row_count)]
    head = [str(column.header) for column in table.columns]
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return f"## {table.title}\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def chart(table: Table) -> str:
    """The ratios of start-up and plan as bars, one a row (SVG)."""
    names = [str(cell) for cell in table.columns[0].cells]
    ratios = [float(str(cell)) for cell in table.columns[2].cells]
    widest = max(ratios)
    bars = []
    for index, (name, ratio) in enumerate(zip(names, ratios, strict=True)):
        y = 30 + index * 24
        ours = name.startswith(("this", "plan,", "validate"))
        colour, width = "#f6821f" if ours else "#888", f"{ratio / widest * 380:.0f}"
        bars.append(
            f'<text x="170" y="{y + 13}" text-anchor="end">{name}</text>'
            f'<rect x="180" y="{y}" width="{width}" height="17" fill="{colour}"/>'
            f'<text x="{188 + ratio / widest * 380:.0f}" y="{y + 13}">{ratio:.1f}</text>'
        )
    height = 40 + len(names) * 24
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="620" height="{height}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        '<text x="10" y="18" font-weight="bold">Processor time, as a multiple of import pulumi'
        f"</text>{''.join(bars)}</svg>\n"
    )


def main() -> int:
    """Measures, prints and writes; returns 0."""
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables: list[Table] = []
        for title, measure in (
            ("start-up and plan", start_up),
            ("growth", lambda: growth(folder)),
            ("vendors that take longer", latency),
            ("with the engine", lambda: engine(folder)),
        ):
            console.print(f"measuring: {title}", style="dim")
            begun = time.monotonic()
            table = measure()
            console.print(f"measured in {time.monotonic() - begun:.0f} s", style="dim")
            if table is None:
                console.print("no Pulumi engine with the three provider plugins here: left out")
                continue
            console.print(table)
            tables.append(table)
    if _runs() < ENOUGH:
        console.print(f"nothing is written: medians of {_runs()}, not of {ENOUGH}")
        return 0
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    page = (
        "# Performance\n\n"
        "What `make bench` printed; it writes this page. Whole processes, medians of "
        f"{_runs()} runs, on {machine}, {datetime.now(UTC):%Y-%m-%d}. Compare ratios, not seconds: "
        "`plain` is the guide written straight with the three SDKs "
        "([bench/plain](../bench/plain/__main__.py)), `bare` a program that "
        "declares nothing; the bare programs beside many stacks import the SDKs and declare as "
        "many resources as ours, flat.\n\n"
        "![processor time](performance.svg)\n\n" + "\n".join(markdown(table) for table in tables)
    )
    (ROOT / "docs" / "performance.md").write_text(page)
    (ROOT / "docs" / "performance.svg").write_text(chart(tables[0]))
    console.print("written: docs/performance.md, docs/performance.svg")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m cfscim`: one command a function; what a command needs is imported when it runs.

Exit codes: 0 fine, 1 problems, 2 wrong usage, 3 something needed is missing (network, engine,
credentials), 4 (verify) not there yet, 130 ended by Ctrl-C, 143 by SIGTERM.
"""

import atexit
import gc
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

try:
    import typer
except ModuleNotFoundError as missing:
    from cfscim.version import lacking

    sys.exit(lacking(missing))

from cfscim.config.messages import Exit, ScimError, UsageError
from cfscim.hints import next_command
from cfscim.interrupted import ends_in_one_line
from cfscim.report.say import begin, clear, flush, passing, prepare, say

app = typer.Typer(
    help="Cloudflare dashboard SCIM from one reviewed config.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXAMPLES = {
    "validate": ("", "stacks/ --format github"),
    "schema": ("--stack-file > stack.schema.json",),
    "plan": (
        "--stack prod",
        "--stack prod --against main",
        "stacks/ --against main --format markdown --policy enforce",
    ),
    "up": ("--stack dev", "--stack dev --keep"),
    "verify": ("--stack prod", "--stack prod --wait 60", "--stack prod --outputs outputs.json"),
    "adopt": ("--stack prod", "--stack prod --take 0oa1b2c3"),
    "preflight": ("--stack prod", "--stack prod --format json"),
    "steps": ("--stack prod",),
    "access": (
        "stacks/ --format html > access.html",
        "--at 2026-05-31 --person ada@acme.com",
        "--live",
    ),
    "restore-super-admin": ("--stack prod --person ada@acme.com",),
    "init": (
        "",
        "--stack prod --provider okta --account-id ID --account-name Acme --org acme "
        "--people people.csv",
    ),
    "completion": ('bash > ~/.cfscim && echo ". ~/.cfscim" >> ~/.bashrc',),
}
"""By command: words after it, as its help shows them."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from cfscim.version import full_version

        typer.echo(full_version())
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and stop."
        ),
    ] = False,
) -> None:
    """Options of the program itself."""


# Not required for the parser's own words, but for ours, which name the stacks that there are.
Stack = Annotated[
    str,
    typer.Option(
        "--stack", help="Stack name, as in Pulumi.<stack>.yaml; required.", show_default=False
    ),
]
Outputs = Annotated[
    str | None,
    typer.Option(
        "--outputs",
        metavar="FILE|-",
        help="The stack's outputs, as `pulumi stack output --json --show-secrets` prints "
        "them; - for standard input. Left out: the engine on PATH is asked.",
    ),
]
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="The stack's state, as `pulumi stack export` prints it. Left out: the engine on "
        "PATH is asked.",
    ),
]
Record = Annotated[
    Path | None,
    typer.Option(
        "--record",
        metavar="DIR",
        help="Write down every exchange with a vendor, without secrets, people and ids.",
    ),
]
"""Every command that reads a vendor takes it: docs/recordings.md."""


class Format(StrEnum):
    """How `verify` and `preflight` print what they found."""

    TEXT = "text"
    JSON = "json"


@contextmanager
def _vendors_of(
    command: str, record: Path | None, stack: str = "", *, in_time: bool = True
) -> Iterator[None]:
    """While a command asks vendors: a terminal says so, `record` is a folder for all exchanges.

    `in_time`: whether the whole run ends within its limit; `verify --wait` has one of its own.
    """
    if stack:
        begin(f"{stack}: reading the live systems")
    from cfscim.vendors.recording import recorded
    from cfscim.vendors.retries import whole_run

    with recorded(record, command), whole_run() if in_time else nullcontext():
        yield


class ReportFormat(StrEnum):
    """How `validate` prints what it found."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@app.command()
def validate(
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILE",
            help="Stacks, their files, or folders of them (default: every Pulumi.*.yaml here).",
        ),
    ] = None,
    output: Annotated[
        ReportFormat, typer.Option("--format", help="text for people, json, or github annotations.")
    ] = ReportFormat.TEXT,
) -> None:
    """Check stack files without importing pulumi; exit 1 when there is any problem."""
    from cfscim.validate import run

    raise typer.Exit(run(files or [], output.value))


@app.command()
def schema(
    stack_file: Annotated[
        bool, typer.Option("--stack-file", help="The schema of a whole stack file, for editors.")
    ] = False,
    page: Annotated[
        str | None,
        typer.Option(
            "--page", metavar="FILE", help="Write a page's tables of the config anew instead."
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of the config object."""
    from cfscim.config.schema import run, update

    if page is not None:
        raise typer.Exit(update(page))
    raise typer.Exit(run(stack_file=stack_file))


class PlanFormat(StrEnum):
    """How `plan` prints what it found."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Policy(StrEnum):
    """What a broken policy rule does to the exit code of `plan`."""

    REPORT = "report"
    ENFORCE = "enforce"


@app.command()
def plan(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Without --stack: folders of stack files, or stack files (default: those here).",
        ),
    ] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Stack name, as in Pulumi.<stack>.yaml.")
    ] = None,
    output: Annotated[
        PlanFormat, typer.Option("--format", help="text, json, or markdown for a pull request.")
    ] = PlanFormat.TEXT,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="REF|FILE",
            help="Show what changes compared with a git revision, a file or a folder; deployed: "
            "with the stack's last verified deployment.",
        ),
    ] = None,
    bases: Annotated[
        str | None,
        typer.Option(
            "--bases",
            metavar="FILE",
            help="Instead, for pipelines: JSON of each stack's base, and of the updates that began "
            "since.",
        ),
    ] = None,
    policy: Annotated[
        Policy, typer.Option("--policy", help="enforce: exit 1 when a policy rule refuses.")
    ] = Policy.REPORT,
    whole: Annotated[
        bool,
        typer.Option("--all", help="As text, what stays as it is, too; as Markdown, nothing cut."),
    ] = False,
) -> None:
    """Show what is declared and who gets which role; no engine, no network, no credential."""
    passing("planning")
    from cfscim.plan.command import Request, run

    request = Request(
        stack=stack,
        paths=tuple(paths or ()),
        output=output.value,
        against=against,
        bases=bases,
        enforce=policy is Policy.ENFORCE,
        whole=whole,
    )
    raise typer.Exit(run(request))


@app.command()
def up(
    stack: Stack = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the sandbox running and print its environment.")
    ] = False,
    people: Annotated[
        str | None,
        typer.Option(
            "--people",
            metavar="FILE",
            help="People for the sandbox, CSV or JSON: email, suspended, mail, and any attribute "
            "of Entra. Left out: those of the stack, made to meet its filter.",
        ),
    ] = None,
    sandbox: Annotated[
        str | None,
        typer.Option("--sandbox", metavar="ADDRESS", help="Update a sandbox that was kept."),
    ] = None,
    imports: Annotated[
        str | None,
        typer.Option(
            "--import", metavar="FILE", help="What adopt wrote: taken over before the update."
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="Every resource, step and check by line, not as counts.")
    ] = False,
) -> None:
    """Try a stack out on the sandbox: update, one provisioning cycle, who has which role."""
    begin(f"{stack}: looking for an engine")
    from cfscim.up.command import Request, run

    raise typer.Exit(run(Request(stack, keep, people, sandbox, imports, whole)))


@app.command()
def verify(
    stack: Stack = "",
    output: Annotated[
        Format, typer.Option("--format", help="text, a line a check, or json.")
    ] = Format.TEXT,
    outputs: Outputs = None,
    wait: Annotated[
        float,
        typer.Option(
            "--wait",
            metavar="MINUTES",
            min=0,
            help="Ask again for so long while something is not there yet.",
        ),
    ] = 0,
    person: Annotated[
        str | None,
        typer.Option(
            "--person",
            metavar="E-MAIL",
            help="A smoke test instead: Entra provisions this one person now.",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Print what holds by line too, not as a count.")
    ] = False,
    record: Record = None,
) -> None:
    """Read the live systems back and compare: exit 0 as declared, 1 not, 4 not yet, 3 no answer."""
    with _vendors_of("verify", record, stack, in_time=False):
        from cfscim.verify.command import run

        code = run(
            *(stack, output.value, outputs, os.environ),
            wait=wait,
            person=person,
            everything=everything,
        )
    raise typer.Exit(code)


@app.command()
def adopt(
    stack: Stack = "",
    state: State = None,
    take: Annotated[
        list[str] | None,
        typer.Option("--take", metavar="ID", help="Take this one where several could be it."),
    ] = None,
    delete_twin: Annotated[
        list[str] | None,
        typer.Option("--delete-twin", metavar="ID", help="Delete this twin, by its id."),
    ] = None,
    do_import: Annotated[
        bool, typer.Option("--import", help="Let the engine carry the written import out.")
    ] = False,
    file: Annotated[
        str | None,
        typer.Option("--file", help="Where the import is written (default: adopt.<stack>.json)."),
    ] = None,
    forget: Annotated[
        bool,
        typer.Option(
            "--forget", help="What is gone leaves the state, even all that is of one vendor."
        ),
    ] = False,
    record: Record = None,
) -> None:
    """Find what exists and is not in the state, and write its import; exit 0 nothing is left."""
    with _vendors_of("adopt", record, stack):
        from cfscim.adopt.command import Request, run

        taken, twins = tuple(take or ()), tuple(delete_twin or ())
        request = Request(stack, state, taken, twins, do_import, file, forget)
        code = run(request, os.environ)
    raise typer.Exit(code)


@app.command()
def preflight(
    stack: Stack = "",
    output: Annotated[
        Format, typer.Option("--format", help="text, a line an answer, or json.")
    ] = Format.TEXT,
    state: State = None,
    before_update: Annotated[
        bool,
        typer.Option(
            "--before-update",
            help="Exit 1 only where the update would fail or lock people out; what exists already "
            "is left to adopt, which comes next.",
        ),
    ] = False,
    record: Record = None,
) -> None:
    """Ask, before an update, what would stop it; read-only. Exit 0 ready, 1 something is to do."""
    with _vendors_of("preflight", record, stack):
        from cfscim.preflight.command import run

        code = run(stack, output.value, state, os.environ, before_update=before_update)
    raise typer.Exit(code)


@app.command()
def steps(
    stack: Stack = "",
    outputs: Outputs = None,
    record: Record = None,
) -> None:
    """List what is left to do by hand, with links: exit 0 nothing, 1 something."""
    with _vendors_of("steps", record, stack):
        from cfscim.verify.steps import run

        code = run(stack, outputs, os.environ)
    raise typer.Exit(code)


class AccessFormat(StrEnum):
    """How `access` prints the picture."""

    TEXT = "text"
    CSV = "csv"
    JSON = "json"
    HTML = "html"


@app.command()
def access(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Folders of stack files, or stack files (default: those here).",
        ),
    ] = None,
    output: Annotated[
        AccessFormat, typer.Option("--format", help="text, csv, json, or html: a page of its own.")
    ] = AccessFormat.TEXT,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="REV|DATE", help="As it was at a git revision, or on a day."),
    ] = None,
    person: Annotated[
        str | None, typer.Option("--person", metavar="E", help="Only this person's roles.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="DATE", help="Only what was given or ended since."),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the vendors too, and mark what is not as declared.")
    ] = False,
    record: Record = None,
) -> None:
    """Show who has which role in all accounts, since when, by which commit and whose approval."""
    passing("asking the vendors" if live else "reading stack files and their history")
    with _vendors_of("access", record):
        from cfscim.access.command import Request, run

        code = run(Request(tuple(paths or ()), output.value, at, person, since, live), os.environ)
    raise typer.Exit(code)


@app.command()
def restore_super_admin(
    stack: Stack = "",
    *,
    person: Annotated[
        str, typer.Option("--person", metavar="E-MAIL", help="Who gets the role back.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, for pipelines.")] = False,
    outputs: Outputs = None,
    record: Record = None,
) -> None:
    """Give a member the Super Administrator role with the SCIM token, when nobody has it."""
    with _vendors_of("restore-super-admin", record, stack):
        from cfscim.restore import run

        code = run(stack, person, outputs, os.environ, yes=yes)
    raise typer.Exit(code)


class Provider(StrEnum):
    """The identity providers that a stack can have."""

    OKTA = "okta"
    ENTRA = "entra"


@app.command()
def init(
    stack: Annotated[
        str, typer.Option("--stack", help="Name of the new stack, like prod, or its file.")
    ] = "",
    provider: Annotated[
        Provider | None, typer.Option("--provider", help="The identity provider.")
    ] = None,
    account_id: Annotated[
        str, typer.Option("--account-id", help="Cloudflare account id, 32 hex digits.")
    ] = "",
    account_name: Annotated[str, typer.Option("--account-name", help="The account's name.")] = "",
    organisation: Annotated[
        str, typer.Option("--organisation", "--org", help="Okta: acme for acme.okta.com.")
    ] = "",
    tenant: Annotated[str, typer.Option("--tenant", help="Entra: the tenant's id.")] = "",
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="NAME=E,E", help="People of one role; repeatable."),
    ] = None,
    people: Annotated[
        str | None,
        typer.Option(
            "--people",
            metavar="FILE|-",
            help="CSV with the columns person and role, as spreadsheets save it; - for stdin.",
        ),
    ] = None,
    break_glass: Annotated[
        list[str] | None,
        typer.Option(
            "--break-glass", metavar="E", help="Super Administrator outside SCIM; repeatable."
        ),
    ] = None,
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="Day on which the token ends.")
    ] = "",
) -> None:
    """Write a new stack file, from options, a CSV of people and roles, or answers."""
    from cfscim.init import Answers, run, with_role

    answers = Answers(
        stack, provider or "", account_id, account_name, organisation, tenant, expires
    )
    answers.break_glass = list(break_glass or ())
    for given in role or ():
        with_role(answers, given)
    asks = people != "-" and sys.stdin.isatty()
    raise typer.Exit(run(answers, people, ask=asks))


class Shell(StrEnum):
    """The shells for which there is a completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(
    shell: Annotated[Shell, typer.Argument(help="The shell that will read it.")],
) -> None:
    """Print a shell function `cfscim` for this interpreter, with its completion."""
    from cfscim.completion import script

    print(script(shell.value), end="")


class _Help(typer.Context.formatter_class):
    """Options beside their words, and on a narrow terminal above them."""

    def write_dl(
        self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2
    ) -> None:
        """Writes one list of options or commands."""
        super().write_dl(rows, min(col_max, self.width // 2 - 5), col_spacing)


def _program() -> Any:
    """The command line, with the examples of each command below its options."""
    for info in app.registered_commands:
        name = info.name or getattr(info.callback, "__name__", "").replace("_", "-")
        lines = [f"  {next_command(name)} {words}".rstrip() for words in EXAMPLES.get(name, ())]
        info.epilog = "\n".join(["\b", "Examples:", *lines]) if lines else None
        # Given, it is wrapped; else it is cut.
        info.short_help = info.help or (info.callback.__doc__ if info.callback else None)
    group = typer.main.get_command(app)
    group.context_class.formatter_class = _Help
    # By itself, no terminal is taken for narrower than 50 columns.
    columns = shutil.get_terminal_size().columns
    group.context_settings["terminal_width"] = min(max(columns, 30) - 2, 78)
    return group


def main() -> None:
    """Runs the command line; an error of ours is one line on stderr, never a traceback."""
    prepare()
    try:
        if asked := os.environ.get("_CFSCIM_COMPLETE"):
            from cfscim.completion import answer

            sys.exit(answer(_program(), asked))
        with ends_in_one_line(_given() or "cfscim"):
            try:
                _run()
            finally:
                sys.stdout.flush()  # what cannot be written down is an error as any other
    except ScimError as error:
        clear()
        say(str(error), "!", error=True)
        sys.exit(error.exit_code)
    except ModuleNotFoundError as missing:
        from cfscim.version import lacking

        sys.exit(lacking(missing))
    except OSError as error:
        sys.exit(_refused(error))
    finally:
        clear()
        flush()


def _given() -> str:
    """The command that was typed, whether there is one of the name or not; empty for none."""
    return next((word for word in sys.argv[1:] if not word.startswith("-")), "")


def _run() -> None:
    """The command of this process's arguments; wrong usage is one line, as any problem is."""
    try:
        code = _program()(prog_name=next_command(), standalone_mode=False)
    except typer.Abort:
        sys.exit(Exit.PROBLEMS)
    except typer.TyperException as error:
        if not sys.argv[1:]:
            typer.echo(error.format_message(), err=True)  # no command: the help
            sys.exit(Exit.USAGE)
        raise _wrong_usage(error) from None
    sys.exit(code)


def _wrong_usage(error: typer.TyperException) -> UsageError:
    """Where, what, why and instead, without pydantic's own word before a value that it refuses."""
    if isinstance(error, typer.BadParameter):
        error.message = error.message.removeprefix("Value error, ")
    name = [_given()] if _given() in EXAMPLES else []
    return UsageError(
        " ".join(name) or "cfscim",
        error.format_message().rstrip("."),
        "nothing was run",
        f"see `{next_command(*name, '-h')}`",
    )


def _refused(error: OSError) -> Exit:
    """What the system refused, in one line: a file that cannot be written, a disk that is full."""
    with suppress(OSError):
        where = f"{error.filename}: " if error.filename else ""
        print(f"cfscim: {where}{error.strerror or error}", file=sys.stderr)
    return Exit.PROBLEMS


if __name__ == "__main__":
    # Looking for garbage in what is loaded, again and at the end, is a fifth of a short command.
    gc.freeze()
    gc.set_threshold(50_000)
    atexit.register(gc.freeze)
    main()

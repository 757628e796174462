"""`init`: a new stack file, from options, a list of people, or answers, that reads and diffs well.

The file is checked before it is written: it validates and passes the policy.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from pydantic import TypeAdapter, ValidationError

from cfscim import spreadsheet
from cfscim.config.clashes import clashes
from cfscim.config.facts import FEWEST_SUPER_ADMINISTRATORS, PROVIDERS
from cfscim.config.lookalikes import nearest_role
from cfscim.config.messages import Exit, ScimError, UsageError, one_line
from cfscim.config.project import PROJECT_FILE
from cfscim.config.provider_settings import ENTRA_TENANT, GUID, OKTA_ORG_NAME
from cfscim.config.roles import ROLES, Role
from cfscim.config.schema import stack_file_schema, text
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.config.words import BYTE_FOR_BYTE, AccountId, AccountName, Email, OrgName, moment
from cfscim.hints import next_command, stack_words
from cfscim.report.say import say
from cfscim.stacks import is_stack_file, known_stacks, misnamed, print_warnings, short_name

LIFETIME = 180
"""Days until the token ends, where nobody says otherwise; the policy allows a year."""
BREAK_GLASS = ("break-glass", "break glass", "breakglass")
"""What stands in a list's role column for a Super Administrator kept outside SCIM."""

_SCHEMA = Path(__file__).resolve().parents[1] / "schema" / "stack.schema.json"
_MOST_LINES = 20
"""Of a list, told at once."""
_STACK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\Z")
_BETWEEN = r"[,;\s]+"


@dataclass
class Answers:
    """What a new stack is made of; empty where it was neither given nor asked yet.

    `people`: role -> addresses; `users`: people without a role; `expires`: a day or RFC 3339.
    """

    stack: str = ""
    provider: str = ""
    account_id: str = ""
    account_name: str = ""
    organisation: str = ""
    tenant: str = ""
    expires: str = ""
    people: dict[Role, list[str]] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    break_glass: list[str] = field(default_factory=list)


def run(answers: Answers, people_file: str | None, *, ask: bool) -> int:
    """Writes `Pulumi.<stack>.yaml` here and says what to run next; returns 0.

    `people_file`: a CSV of people and roles, `-` for standard input. `ask`: whether somebody is
    there to answer for what is missing. Raises `UsageError` for what cannot be used or is missing,
    and never overwrites a file.
    """
    given = answers.stack
    folder = os.path.dirname(given) if is_stack_file(os.path.basename(given)) else ""
    answers.stack = short_name(given)
    if given:
        _new_file(folder, answers.stack, "--stack")
    if people_file is not None:
        for person, role in read_people(people_file):
            _add(answers, person, role)
    if ask:
        _ask(answers)
    _complete(answers)
    file = _new_file(folder, answers.stack, "--stack")
    schema = _schema_path(folder)
    try:
        _write(file, stack_text(answers, schema))
        if not Path(folder, schema).exists():
            Path(folder, schema).write_text(text(stack_file_schema()), encoding="utf-8")
    except OSError as error:
        raise ScimError(
            f"init: {one_line(str(file))}",
            f"it cannot be written ({error.strerror})",
            "there is no stack without its file",
            "name a folder that is there and that you may write to",
        ) from None
    named = stack_words(str(file), answers.stack)
    print_warnings([check_stack_file(file)])
    say(f"{file} is written. Decide what its comments ask.")
    if not Path(folder, PROJECT_FILE).exists():
        say(f"No {PROJECT_FILE} is beside it, which the engine needs: docs/own-repository.md.", "?")
    say(f"Next: {next_command('validate', str(file))}")
    say(f"Then: {next_command('plan', *named)}")
    return Exit.FINE


def _new_file(folder: str, stack: str, where: str) -> Path:
    """The new stack's file. Raises `UsageError` for a name that cannot be one, or is taken."""
    _stack(stack, where)
    file = Path(folder, f"Pulumi.{stack}.yaml")
    if os.path.lexists(file):
        raise UsageError(
            f"init: {file}",
            "the file is here already",
            "nothing is ever overwritten",
            "name another stack with --stack, or change the file itself",
        )
    return file


def _free(name: str, where: str) -> None:
    _new_file("", short_name(name), where)


def _write(file: Path, content: str) -> None:
    """Writes the file, and takes it away again where `validate` or the policy refuses it."""
    with file.open("x", encoding="utf-8") as stream:
        stream.write(content)
    try:
        names = [name for name in known_stacks(file.parent) if name != short_name(file.name)]
        others = [check_stack_file(file.parent / f"Pulumi.{name}.yaml") for name in names]
        checked = check_stack_file(file, now=datetime.now(UTC))
        with_others = [c for c in clashes([*others, checked]) if c.where.file == str(file)]
        refused = [*map(str, [*checked.problems, *with_others]), *_policy(checked)]
        if refused:
            raise ScimError("\n".join([*refused, f"Nothing was written into {file}."]))
    except BaseException:
        file.unlink()
        raise


def read_people(name: str) -> Iterator[tuple[str, str]]:
    """Person and role of every line of a CSV with a header; several roles are joined by `;`.

    The role is empty for somebody who only belongs in the users' group. Raises `UsageError` with
    every line that cannot be used.
    """
    where = f"--people {one_line(name)}"
    table = spreadsheet.read(name, where)
    person, role = table.column(spreadsheet.PERSON), table.column(spreadsheet.ROLE)
    if person is None or role is None:
        raise UsageError(
            f"{where}: line {table.line}",
            "the columns person and role are not named",
            spreadsheet.NO_GUESS,
            'write "person,role" as the first line',
        )
    wrong: list[str] = []
    for number, cells in table.rows:
        line = f"{where}: line {number}"
        try:
            address = _checked(Email, cells[person], line)
            roles = [_role_name(given.strip(), line) for given in re.split(r"[;|]", cells[role])]
        except UsageError as error:
            wrong.append(str(error))
            continue
        for given in roles:
            yield address, given
    if wrong:
        more = len(wrong) - _MOST_LINES
        left_out = [f"{where}: not all of it is shown, {more} more"] if more > 0 else []
        raise UsageError("\n".join([*wrong[:_MOST_LINES], *left_out]))


def _role_name(given: str, where: str) -> str:
    if not given or given in ROLES or given.lower() in BREAK_GLASS:
        return given
    near = nearest_role(given)
    listed = ", ".join([*ROLES, "break-glass"])
    raise UsageError(
        where,
        f'"{one_line(given[:60])}" is no role',
        BYTE_FOR_BYTE,
        f'write "{near}"' if near else f"write one of: {listed}",
    )


def _add(answers: Answers, person: str, role: str) -> None:
    if role.lower() in BREAK_GLASS:
        into = answers.break_glass
    else:
        into = answers.people.setdefault(Role(role), []) if role else answers.users
    if person.lower() not in map(str.lower, into):
        into.append(person)


def with_role(answers: Answers, given: str) -> None:
    """Adds the people of one `--role NAME=a@b,c@d`."""
    name, equals, listed = given.partition("=")
    if not equals or not name.strip():
        raise UsageError(
            f"--role {one_line(given)}",
            "no role stands before the =" if equals else "no = stands in it",
            "it says who has the role",
            'write --role "Administrator=ada@acme.com,alan@acme.com"',
        )
    role = _role_name(name.strip(), f"--role {one_line(name)}")
    for person in filter(None, (person.strip() for person in listed.split(","))):
        _add(answers, _checked(Email, person, f"--role {one_line(name)}"), role)
    if role in ROLES:
        answers.people.setdefault(Role(role), [])


def _complete(answers: Answers) -> None:
    """Refuses what is missing or cannot be used, each by the name of its option."""
    needed = {"--stack": answers.stack, "--provider": answers.provider}
    needed |= {"--account-id": answers.account_id, "--account-name": answers.account_name}
    if answers.provider == "okta":
        needed["--organisation"] = answers.organisation
    others = {
        "okta": ("--tenant", answers.tenant),
        "entra": ("--organisation", answers.organisation),
    }
    option, value = others.get(answers.provider, ("", ""))
    if value:
        raise UsageError(
            option,
            f"a stack with {PROVIDERS[answers.provider]} has none",
            "it may have been meant for the other identity provider",
            "leave it out, or write another --provider",
        )
    missing = [option for option, value in needed.items() if not value]
    if missing:
        raise UsageError(
            "init",
            f"not given: {', '.join(missing)}",
            "there is no terminal to ask at",
            "give them as options",
        )
    for option, value, check in (
        ("--account-id", answers.account_id, _word(AccountId)),
        ("--account-name", answers.account_name, _word(AccountName)),
        ("--tenant", answers.tenant, _tenant),
        ("--expires", answers.expires, _expires),
    ):
        if value:
            check(value, option)
    if answers.provider == "okta":
        _checked(OrgName, answers.organisation, "--organisation")
    supers = {p.lower() for p in answers.people.get(Role.SUPER_ADMINISTRATOR, [])}
    supers |= {_checked(Email, p, "--break-glass").lower() for p in answers.break_glass}
    if len(supers) < FEWEST_SUPER_ADMINISTRATORS:
        raise UsageError(
            "init",
            f"{len(supers) or 'no'} Super Administrator{' is' if len(supers) == 1 else 's are'} "
            "named",
            "one mistake would lock everyone out of the account, and the policy refuses it",
            f'name two: --role "{Role.SUPER_ADMINISTRATOR}=a@b.com,c@d.com", or --break-glass',
        )


def _ask(answers: Answers) -> None:
    """Asks for everything that is not there yet, each until the answer can be used."""
    asked = _Questions()
    if not answers.stack:
        answers.stack = short_name(asked.until("Stack (prod, dev, ...)", _free, "prod"))
    if not answers.provider:
        answers.provider = asked.until("Identity provider, okta or entra", _provider, "okta")
    answers.account_id = answers.account_id or asked.until(
        "Cloudflare account id (32 hex digits)", _word(AccountId)
    )
    answers.account_name = answers.account_name or asked.until("Its name", _word(AccountName))
    if answers.provider == "okta" and not answers.organisation:
        what = "Okta organisation (acme for acme.okta.com)"
        answers.organisation = asked.until(what, _word(OrgName))
    if answers.provider == "entra" and not answers.tenant:
        answers.tenant = asked.until("Entra tenant id (empty: from the environment)", _tenant, "")
    for role in reversed(ROLES) if not answers.people else ():
        people = asked.until(f"{role}: addresses, comma between (may be empty)", _people, "")
        answers.people[role] = [p for p in re.split(_BETWEEN, people) if p]
    if not answers.break_glass:
        what = "Super Administrators kept outside SCIM, for the bad day (may be empty)"
        people = asked.until(what, _people, "")
        answers.break_glass = [p for p in re.split(_BETWEEN, people) if p]
    if not answers.expires:
        ends = (datetime.now(UTC).date() + timedelta(days=LIFETIME)).isoformat()
        answers.expires = asked.until("Day on which the token ends", _expires, ends)


class _Questions:
    """Asks until the answer can be used."""

    def until(
        self, question: str, check: Callable[[str, str], object], default: str | None = None
    ) -> str:
        """The first usable answer."""
        while True:
            try:
                given = typer.prompt(
                    question, default=default, show_default=bool(default), err=True
                )
            except typer.Abort as ended:
                if isinstance(ended.__context__, KeyboardInterrupt):
                    raise ended.__context__ from None
                typer.echo(err=True)  # the question's line has no end yet
                raise UsageError(
                    question,
                    "the answers ended here",
                    "nothing was written",
                    "answer every question, or give the options that --help lists",
                ) from None
            try:
                check(given.strip(), question)
            except UsageError as error:
                say(f"  {error.message.text}", "!", error=True)
            else:
                return given.strip()


def _checked(word: object, value: str, where: str) -> str:
    """The value as the config's own words take it; raises `UsageError` with their refusal."""
    try:
        TypeAdapter(word).validate_python(value, strict=True)  # type: ignore[arg-type]
    except ValidationError as error:
        parts: Mapping[str, Any] = error.errors(include_url=False)[0].get("ctx", {})
        raise UsageError(
            where,
            str(parts.get("what", "the value cannot be used")),
            str(parts.get("why", "it would be refused by validate")),
            str(parts.get("instead", "write another")),
        ) from None
    return value


def _word(word: object) -> Callable[[str, str], object]:
    return lambda value, where: _checked(word, value, where)


def _stack(value: str, where: str) -> None:
    meant = misnamed(value)
    if meant or not _STACK.match(value) or not is_stack_file(f"Pulumi.{value}.yaml"):
        raise UsageError(
            where,
            f'"{one_line(value[:60])}" is no name of a stack',
            "it is part of a file's name, Pulumi.<stack>.yaml",
            f"write {one_line(meant[:60])}"
            if meant
            else "write letters, digits, hyphens, dots and underscores, like prod",
        )


def _provider(value: str, where: str) -> None:
    if value not in PROVIDERS:
        raise UsageError(where, "it is neither", "one of the two is set up", "write okta or entra")


def _tenant(value: str, where: str) -> None:
    if value and not GUID.fullmatch(value):
        raise UsageError(
            where,
            f'"{one_line(value[:60])}" is no tenant id',
            "two stacks must not take two tenants for one",
            "write the 36 characters from the overview in the Entra admin center",
        )


def _expires(value: str, where: str) -> None:
    ends = moment(_moment_text(value))
    days = (ends - datetime.now(UTC)).days if ends else -1
    if not 0 <= days <= 365:
        raise UsageError(
            where,
            f'"{one_line(value[:60])}" is no day within a year from now',
            "a token ends at one certain moment, and the policy allows a year",
            "write it like " + (date.today() + timedelta(days=LIFETIME)).isoformat(),
        )


def _people(value: str, where: str) -> None:
    for person in re.split(_BETWEEN, value):
        if person:
            _checked(Email, person, where)


def _moment_text(value: str) -> str:
    return f"{value}T00:00:00Z" if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value) else value


def _policy(checked: CheckedStack) -> Iterator[str]:
    """What the policy refuses in the config itself."""
    from cfscim.config.policy.rules import evaluate, is_refused

    if checked.config is None:
        return
    today = datetime.now(UTC).date()
    violations = evaluate(checked.config, [], stack=checked.file.stack, today=today)
    if is_refused(violations):
        yield from (str(violation) for violation in violations if violation.waived is None)


def _schema_path(folder: str) -> str:
    """The schema for editors: the program's own where it lies here, else a copy beside the file."""
    below = os.path.relpath(_SCHEMA, folder or ".")
    return "stack.schema.json" if below.startswith("..") or not _SCHEMA.is_file() else below


_FILE = """\
# yaml-language-server: $schema={schema}
# Credentials never stand here: they come from the environment, or encrypted from
# `pulumi config set --secret`.
config:
{settings}  cloudflare-scim:scim:
    account:
      id: "{answers.account_id}"
      name: {account}
    roleModel: userGroups # what Cloudflare accepts today
    token:
      owner: account
      # Decide: until when. Before that day, write a later one and change rotation too.
      expiresOn: "{ends}"
      rotation: "1"
    roles:
      # Decide: members means exactly these people, [] nobody; without members,
      # {who} manages who has the role, and no plan shows it.
{roles}
    # Decide: what the name of every role group begins with; never with "CF".
    groupPrefix: {prefix}
    # Decide: Super Administrators kept outside SCIM, for the day on which it fails.
{break_glass}
    identityProvider:
      kind: {answers.provider}
{provider}
      # Everyone with a role is in this group too; members: others who may sign in.
      usersGroup:
        name: {users_group}
{users}"""
_OKTA = """\
      orgName: {organisation}
      appLabel: {app}
      apiIntegration: console
      # Write true once the console steps that the first update lists are done.
      apiIntegrationConfirmed: false"""
_ENTRA = """\
      appName: {app}
      # Decide: assigned users and groups only, or filtered (all records, by filter).
      scope: assigned
      start: true"""


def stack_text(answers: Answers, schema: str) -> str:
    """The file: one person a line, and a comment wherever something is to be decided."""
    okta, stack = answers.provider == "okta", answers.stack
    settings = {OKTA_ORG_NAME.key: answers.organisation} if okta else {}
    if answers.tenant:
        settings[ENTRA_TENANT.key] = answers.tenant
    later = (datetime.now(UTC).date() + timedelta(days=LIFETIME)).isoformat()
    return _FILE.format(
        schema=schema,
        answers=answers,
        settings="".join(f"  {key}: {value}\n" for key, value in settings.items()),
        account=_quoted(answers.account_name),
        ends=_moment_text(answers.expires or later),
        who=PROVIDERS[answers.provider],
        roles="\n".join(
            f"      {role}:\n{_listed('        members', answers.people.get(role, []))}"
            for role in ROLES
        ),
        prefix=_quoted(f"Cloudflare {stack} - "),
        break_glass=_listed("    breakGlass", answers.break_glass),
        provider=(_OKTA if okta else _ENTRA).format(
            organisation=answers.organisation, app=_quoted(f"Cloudflare SCIM ({stack})")
        ),
        users_group=_quoted(f"Cloudflare Users ({stack})"),
        users=f"{_listed('        members', answers.users)}\n" if answers.users else "",
    )


def _listed(key: str, people: Sequence[str]) -> str:
    if not people:
        return f"{key}: []"
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return "\n".join([f"{key}:", *(f"{indent}- {_quoted(person)}" for person in people)])


def _quoted(value: str) -> str:
    """The text as YAML takes it for text, in double quotes where a bare word would not do."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9@._ -]*[A-Za-z0-9]", value) and value.lower() not in (
        *("true", "false", "null", "yes", "no", "on", "off", "y", "n"),
    ):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

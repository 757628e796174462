"""The people of a stack in the sandbox, with attributes that meet its filter, or from a file.

Source of the operators: Microsoft, "Scoping users or groups to be provisioned with scoping
filters"; how a clause is judged here is for seeding and for saying who is kept out.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, product
from pathlib import Path

from cfscim import spreadsheet
from cfscim.config.access import managed_elsewhere, people
from cfscim.config.json_types import Json, JsonObject, inner, string
from cfscim.config.lookalikes import nearest
from cfscim.config.messages import UsageError, one_line
from cfscim.config.models import EntraConfig, ScimConfig, UserFilter
from cfscim.config.names import account_path
from cfscim.config.outputs import IDP_GROUP_ID, ROLE_GROUPS
from cfscim.config.roles import Role
from cfscim.config.words import is_address, what_is_wrong
from cfscim.vendors.cloudflare.signin import cloudflare_http
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.http import Call, HttpClient
from cfscim.vendors.okta import GROUPS
from cfscim.vendors.okta.api import OktaClient
from cfscim.vendors.okta.signin import okta_http
from cfscim.vendors.pages import numbered_pages
from cfscim.verify.cloudflare import MINIMAL

_OWN = ("email", "firstName", "lastName", "userPrincipalName", "suspended", "mail")
_TRUE = ("true", "yes", "1")
_FALSE = ("false", "no", "0")


@dataclass(frozen=True)
class Seed:
    """A person of the sandbox. `attributes`: as Entra names them. `mail` false: no mailbox."""

    email: str
    attributes: Mapping[str, Json] = field(default_factory=dict)
    first_name: str = ""
    last_name: str = ""
    user_principal_name: str = ""
    suspended: bool = False
    mail: bool = True

    def body(self) -> JsonObject:
        """What `POST /_sandbox/users` takes."""
        return {
            "email": self.email,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "userPrincipalName": self.user_principal_name,
            "attributes": dict(self.attributes),
            "suspended": self.suspended,
            "mail": self.mail,
        }


def seeds(config: ScimConfig, file: str | None = None) -> tuple[Seed, ...]:
    """Everybody the config names, and those of `file`, whose rows win over what is made up here.

    Raises `UsageError` for a file that cannot be used.
    """
    given = {seed.email.casefold(): seed for seed in (() if file is None else read_people(file))}
    clauses = _clauses(config)
    made_up = meeting(clauses)
    known = {address.casefold() for address in people(config)}
    own = [given.get(address.casefold()) or Seed(address, made_up) for address in people(config)]
    return (*own, *(seed for address, seed in given.items() if address not in known))


def read_people(file: str) -> Iterator[Seed]:
    """People of a CSV file with a header, or of a JSON list of objects, each with an address.

    Raises `UsageError` with the first row that cannot be used.
    """
    where = f"--people {one_line(file)}"
    seen: dict[str, str] = {}
    rows = _json_rows(file, where) if file.endswith(".json") else _rows(file, where)
    for number, given in rows:
        place = f"{where}: {number}"
        row = {_own_name(key, place): value for key, value in given.items()}
        address = _words(row, "email", place)
        if not is_address(address):
            what, instead = what_is_wrong(address)
            raise _unusable(place, what, instead)
        first = seen.setdefault(address.casefold(), number)
        if first != number:
            what = f"{address} stands in {first} already"
            raise _unusable(place, what, "name each person once")
        yield Seed(
            address,
            {
                key: _plain(key, value, place)
                for key, value in row.items()
                if key not in _OWN and value not in (None, "")
            },
            _words(row, "firstName", place),
            _words(row, "lastName", place),
            _words(row, "userPrincipalName", place),
            _said(row, "suspended", place, left_out=False),
            _said(row, "mail", place, left_out=True),
        )
    if not seen:
        raise _unusable(where, "it names nobody")


def _own_name(key: str, where: str) -> str:
    """The key as it is known here, however a spreadsheet writes it; what is not ours is Entra's."""
    own = {spreadsheet.title(name): name for name in _OWN}
    if (same := own.get(spreadsheet.title(key))) is not None:
        return same
    near = nearest(key, [*_OWN])
    if near is not None:
        raise _unusable(where, f'nothing reads "{one_line(key[:40])}"', f"write {near}")
    return key


def _words(row: Mapping[str, Json], key: str, where: str) -> str:
    value = row.get(key)
    if not isinstance(value, str | None):
        raise _unusable(where, f"{key} is no text")
    return (value or "").strip()


def _plain(key: str, value: Json, where: str) -> Json:
    if isinstance(value, dict):
        raise _unusable(where, f"{one_line(key[:40])} is an object, which no attribute of Entra is")
    return value


def _said(row: Mapping[str, Json], key: str, where: str, *, left_out: bool) -> bool:
    """Yes or no, in the words of spreadsheets and of JSON; an address under `mail` is a yes."""
    given = row.get(key, "")
    text = str(given).strip().lower()
    if text == "":
        return left_out
    if text in _TRUE or (key == "mail" and "@" in text):
        return True
    if given is None or text in _FALSE:
        return False
    raise _unusable(where, f'"{one_line(text[:40])}" under {key} is neither true nor false')


def _rows(file: str, where: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Place and cells of each row; the list that `init` takes is one of these, too."""
    table = spreadsheet.read(file, where)
    address, role = table.column(spreadsheet.PERSON), table.column(spreadsheet.ROLE)
    if address is None:
        raise _unusable(f"{where}: line {table.line}", "no column is named email")
    for line, cells in table.rows:
        row: dict[str, Json] = {
            name: cell for name, cell in cells.items() if name and name not in (address, role)
        }
        yield f"line {line}", {**row, "email": cells[address]}


def _json_rows(file: str, where: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    try:
        rows = json.loads(Path(file).read_text(encoding="utf-8-sig"))
        # Half a character and no number go through no request.
        json.dumps(rows, ensure_ascii=False, allow_nan=False).encode()
    except OSError as error:
        raise _unusable(where, f"it cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        raise _unusable(where, "it is no JSON") from None
    if not isinstance(rows, list):
        raise _unusable(where, "it is no list of people")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise _unusable(f"{where}: entry {number}", "it is no object")
        yield f"entry {number}", row


def kept_out(config: ScimConfig, seeded: Sequence[Seed]) -> Iterator[str]:
    """A line for each person of the stack who will not arrive, and why."""
    clauses = _clauses(config)
    entra = isinstance(config.identity_provider, EntraConfig)
    known = {address.casefold() for address in people(config)}
    for seed in seeded:
        if seed.email.casefold() not in known:
            continue
        if seed.suspended:
            state = "blocked from signing in" if entra else "suspended"
            yield f"{seed.email} is {state}: no role arrives until that ends"
        elif entra and not seed.mail:
            yield f"{seed.email} has no mail in Entra: Cloudflare takes only an e-mail address"
        for clause in clauses:
            if not meets(clause, _value(seed, clause.attribute)):
                value = f" {clause.value}" if clause.value else ""
                yield (
                    f"{seed.email} is kept out by userFilter {clause.attribute} "
                    f"{clause.operator}{value}: the attribute is {_value(seed, clause.attribute)!r}"
                )


def meeting(clauses: Sequence[UserFilter]) -> dict[str, Json]:
    """Attributes that meet every clause, as far as they can be made up; addresses never are."""
    attributes: dict[str, Json] = {}
    for name in dict.fromkeys(clause.attribute for clause in clauses):
        if name in ("mail", "userPrincipalName"):
            continue
        own = [clause for clause in clauses if clause.attribute == name]
        for value in _candidates(own):
            if all(meets(clause, value) for clause in own):
                attributes[name] = value
                break
    return attributes


def meets(clause: UserFilter, value: Json) -> bool:
    """Whether an attribute's value satisfies a clause."""
    text = "" if value is None else str(value)
    number = int(text) if re.fullmatch(r"-?\d+", text) else None
    bound = int(clause.value) if re.fullmatch(r"-?\d+", clause.value) else 0
    match clause.operator:
        case "EQUALS":
            return text == clause.value
        case "NOT EQUALS":
            return text != clause.value
        case "IS NULL":
            return value in (None, "")
        case "IS NOT NULL":
            return value not in (None, "")
        case "IS TRUE":
            return value is True or text.lower() == "true"
        case "IS FALSE":
            return value is False or text.lower() == "false"
        case "REGEX MATCH":
            return _matches(clause.value, text)
        case "NOT REGEX MATCH":
            return not _matches(clause.value, text)
        case "Greater_Than":
            return number is not None and number > bound
        case "Greater_Than_OR_EQUALS":
            return number is not None and number >= bound
        case "Includes":
            return clause.value in text
        case "ENDS_WITH":
            return text.endswith(clause.value)
        case "&":
            return number is not None and number & bound == bound
        case _:
            return number is None or number & bound != bound


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return True  # another dialect: Entra judges it


def _candidates(clauses: Sequence[UserFilter]) -> Iterator[Json]:
    values = [clause.value for clause in clauses if clause.value]
    yield from values
    for value in values:
        if re.fullmatch(r"-?\d+", value):
            yield str(int(value) + 1)
        for part in re.sub(r"[\^$()]", "", value).split("|"):
            plain = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\.[*+]?", "x", part))
            yield re.sub(r"\[([^\]^-]).*?\][*+]?", r"\1", plain)
    yield from ("Engineering", "1", "true", "false", None)


def _value(seed: Seed, attribute: str) -> Json:
    if attribute == "mail":
        return seed.email if seed.mail else None
    if attribute == "userPrincipalName":
        return seed.user_principal_name or seed.email
    return seed.attributes.get(attribute)


def _clauses(config: ScimConfig) -> tuple[UserFilter, ...]:
    provider = config.identity_provider
    return provider.user_filter if isinstance(provider, EntraConfig) else ()


_FORM = (
    "write a CSV file with the columns email, firstName, lastName, suspended, mail "
    "and any attribute of Entra, or a JSON list of such objects"
)


def _unusable(where: str, what: str, instead: str = _FORM) -> UsageError:
    return UsageError(where, what, "the sandbox would lack people of the stack", instead)


def first_in_charge(config: ScimConfig) -> str | None:
    """Who set the account up, by the config: the first who is to be Super Administrator there."""
    role = config.roles.get(Role.SUPER_ADMINISTRATOR)
    return next(iter([*config.break_glass, *((role.members if role else None) or ())]), None)


def leave_to_scim(config: ScimConfig, env: Mapping[str, str]) -> str | None:
    """Where nobody is to be outside of SCIM: whoever set the account up keeps the role by the group
    alone; returns who. Raises `AnswerError`."""
    first = first_in_charge(config)
    if first is None or config.break_glass:
        return None
    base = account_path(config.account.id)
    with cloudflare_http({}, env) as http:
        roles = _roles(http, base)
        for member in numbered_pages(http, f"{base}/members", {}):
            if string(inner(member, "user"), "email").casefold() == first.casefold():
                body: JsonObject = {"roles": [{"id": roles[MINIMAL]}]}
                http.send(Call("PUT", f"{base}/members/{string(member, 'id')}", body=body))
    return first


def _roles(http: HttpClient, account: str) -> dict[str, str]:
    """The id of each of the account's roles, by its name."""
    listed = numbered_pages(http, f"{account}/roles", {})
    return {string(role, "name"): string(role, "id") for role in listed}


def seed_break_glass(config: ScimConfig, env: Mapping[str, str]) -> None:
    """Gives the break-glass people their role in the sandbox's account, directly, as an
    administrator of the account did long ago. Raises `AnswerError`."""
    base = account_path(config.account.id)
    with cloudflare_http({}, env) as http:
        members = numbered_pages(http, f"{base}/members", {})
        there = {string(inner(member, "user"), "email").casefold() for member in members}
        roles = _roles(http, base)
        for address in config.break_glass:
            if address.casefold() not in there:
                body: JsonObject = {
                    "email": address,
                    "roles": [roles[Role.SUPER_ADMINISTRATOR.value]],
                    "status": "accepted",
                }
                http.send(Call("POST", f"{base}/members", body=body))


def seed_groups(
    config: ScimConfig, outputs: Mapping[str, object], env: Mapping[str, str]
) -> list[str]:
    """Where nobody is declared, somebody puts two people into the groups that the config leaves to
    the identity provider; returns who. Raises `AnswerError`."""
    users, elsewhere = config.identity_provider.users_group, managed_elsewhere(config)
    if people(config) or not elsewhere or users.members is not None:
        return []
    groups = outputs.get(ROLE_GROUPS)
    chosen = [
        str(group[IDP_GROUP_ID])
        for role, group in (groups.items() if isinstance(groups, dict) else ())
        if isinstance(group, dict) and role in elsewhere
    ]
    put = _into_okta if config.identity_provider.kind == "okta" else _into_entra
    put(chosen, users.name, env)
    return [*_STAND_INS]


_STAND_INS = ("ada@example.com", "grace@example.com")


def _into_okta(groups: list[str], users_group: str, env: Mapping[str, str]) -> None:
    with okta_http({}, env) as http:
        okta = OktaClient(http)
        if users := okta.group_by_name(users_group):
            groups.append(users.id)
        stand_ins = chain.from_iterable(okta.users_by_email(_STAND_INS).values())
        for person, group in product(stand_ins, groups):
            http.send(Call("PUT", f"{GROUPS}/{group}/users/{person.id}"))


def _into_entra(groups: list[str], users_group: str, env: Mapping[str, str]) -> None:
    with GraphClient.from_settings({}, env) as graph:
        if users := graph.group_by_name(users_group):
            groups.append(users.id)
        for person, group in product(graph.users_by_mail(_STAND_INS).values(), groups):
            graph.add_group_member(group, person.id)

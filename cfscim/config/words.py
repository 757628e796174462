"""The words the config is written in: annotated types, each with its own refusal in four parts."""

import re
from datetime import UTC, date, datetime
from ipaddress import ip_interface, ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from cfscim.config.credentials import shown
from cfscim.config.facts import UNARY
from cfscim.config.lookalikes import (
    difference_from,
    foreign_character,
    hidden_character,
    nearest,
    nearest_role,
    skeleton,
)
from cfscim.config.provider_settings import OKTA_DOMAINS
from cfscim.config.refusals import refuse
from cfscim.config.roles import ROLES, Role

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_TOP = r"[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
EMAIL_PATTERN = rf"^{_WORD}(\.{_WORD})*@({_LABEL}\.)+{_TOP}$"
"""The syntax as a JSON Schema pattern: a dot-atom, `@`, and a host name with at least one dot."""

_EMAIL = re.compile(rf"{EMAIL_PATTERN[1:-1]}\Z")
_ANGLED = re.compile(r"<([^<>]*)>\s*\Z")
LONGEST_LOCAL, LONGEST = 64, 254


def is_address(text: str) -> bool:
    """Whether the text is one plain address (RFC 5321 dot-atom and lengths; no DNS is asked)."""
    return (
        len(text) <= LONGEST and text.find("@") <= LONGEST_LOCAL and _EMAIL.match(text) is not None
    )


def what_is_wrong(text: str) -> tuple[str, str]:
    """For a text that is no address: what is wrong with it, and what to write instead."""
    what = f"{shown(text)} is no e-mail address"
    instead = "write the plain address, like ada@example.com"
    if not text.strip():
        return "the e-mail address is empty", "write an address, like ada@example.com"
    if hidden := hidden_character(text) or foreign_character(text):
        what = f"{shown(text)} contains {hidden}"
        return what, _offer(skeleton(text).replace(" ", ""), instead)
    if angled := _ANGLED.search(text):
        return f"{shown(text)} has a display name", _offer(angled[1].strip(), instead)
    if text != text.strip():
        return f"{shown(text)} has white space around it", _offer(text.strip(), instead)
    if text.lower().startswith("mailto:"):
        return f"{shown(text)} is a link", _offer(text[7:], instead)
    if any(mark in text for mark in ",; "):
        return (
            f"{shown(text)} is more than one word",
            "write one plain address, and any further one as an entry of its own",
        )
    if "@" not in text:
        return f"{shown(text)} has no @", instead
    if len(text) > LONGEST or text.find("@") > LONGEST_LOCAL:
        return f"{shown(text)} is too long", "write an address of at most 64 + 189 characters"
    if ".@" in text or ".." in text or text.startswith("."):
        return f"{shown(text)} has a dot too many", instead
    return what, instead


def _offer(address: str, otherwise: str) -> str:
    return f"write {address}" if is_address(address) else otherwise


ACCOUNT_ID_PATTERN = "^[0-9a-f]{32}$"
NAME_PATTERN = (
    r"^(?!.*[\x00-\x1f\x7f-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff])\S(.*\S)?$"
)
# The Pulumi engine hands on an unquoted YAML timestamp in Go's own form, and writes it back to
# the stack file like that: "2027-05-20 00:00:00 +0000 UTC" (observed with engine 3.260).
_RFC_3339 = r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}([Zz]|[+-]\d{2}:\d{2})"
_GO_FORM = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)? [+-]\d{4} \S+"
MOMENT_PATTERN = rf"^({_RFC_3339}|{_GO_FORM})$"
DAY_PATTERN = rf"^(\d{{4}}-\d{{2}}-\d{{2}}|{_GO_FORM})$"
CIDR_PATTERN = r"^[0-9a-fA-F.:]+/\d{1,3}$"
ORG_PATTERN = "^(?!.*-admin$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$"
SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
APP_PATTERN = "^[A-Za-z0-9_]+$"
GUIDE_APP = "scim2testapp"
"""The guide's app in Okta's catalog, SCIM 2.0 Test App (OAuth Bearer Token)."""
PREFIX_PATTERN = r"^(?!\s)(?![Cc][Ff])"

BYTE_FOR_BYTE = "Cloudflare compares role names byte for byte"
INTEGER = ("Greater_Than", "Greater_Than_OR_EQUALS")
OPERATORS = (
    "EQUALS",
    "NOT EQUALS",
    *UNARY,
    "REGEX MATCH",
    "NOT REGEX MATCH",
    *INTEGER,
    "Includes",
    "ENDS_WITH",
    "&",
    "!&",
)
"""Wire names (Microsoft: "Scoping users or groups to be provisioned with scoping filters")."""


_MOMENT = re.compile(_RFC_3339 + r"\Z", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_GO_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(?:\.\d+)? ([+-]\d{2})(\d{2}) \S+\Z", re.ASCII
)


def _account_id(text: str) -> str:
    if re.fullmatch(ACCOUNT_ID_PATTERN, text):
        return text
    plain = text.strip().lower().replace("-", "")
    raise refuse(
        f"{shown(text)} is no account id",
        "the token and the SCIM address are made for exactly this account",
        f"write {plain}"
        if re.fullmatch(ACCOUNT_ID_PATTERN, plain)
        else "write the 32 lower-case hex digits from the account's overview page",
    )


def _email(text: str) -> str:
    if is_address(text):
        return text
    what, instead = what_is_wrong(text)
    raise refuse(what, "people are found in both systems by exactly this address", instead)


def _role(name: object) -> object:
    if not isinstance(name, str):
        return name
    if name in ROLES:
        return Role(name)
    near = nearest_role(name)
    how = difference_from(name, near) if near else "is none of the roles"
    raise refuse(
        f"{shown(name)} {how}",
        BYTE_FOR_BYTE,
        f'write "{near}"' if near else "write one of " + ", ".join(f'"{r}"' for r in ROLES),
    )


def _cidr(text: str) -> str:
    why = "Cloudflare accepts the token from these networks only"
    if "/" in text and text == text.strip() and "%" not in text:
        try:
            return str(ip_network(text))
        except ValueError:
            pass
        try:
            network = ip_interface(text).network
        except ValueError:
            pass
        else:
            raise refuse(f"{shown(text)} has host bits set", why, f"write {network}")
    try:
        single = ip_network(text.strip())
    except ValueError:
        instead = "write an address and a prefix length, like 203.0.113.0/24"
    else:
        instead = f"write {single}"
    raise refuse(f"{shown(text)} is no network in CIDR notation", why, instead)


def moment(text: str) -> datetime | None:
    """The moment written in RFC 3339 or in Go's form, in UTC; nothing for any other text."""
    written = text.upper() if _MOMENT.match(text) else None
    if go := _GO_TIME.match(text):
        written = f"{go[1]}T{go[2]}{go[3]}:{go[4]}"
    if written is None:
        return None
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def rfc_3339(instant: datetime) -> str:
    """The moment in UTC and whole seconds, as all three vendors write and take it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_the_minute(instant: datetime) -> str:
    """The moment in UTC as a report shows it: `2026-11-24 12:00 UTC`."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    if (instant := moment(value)) is not None:
        return instant
    raise refuse(
        f"{shown(value)} is no moment in RFC 3339 with whole seconds and a zone",
        "the token must end at one certain moment",
        'write it like "2027-05-20T00:00:00Z"',
    )


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    go = _GO_TIME.match(value)
    text = go[1] if go else value
    if _DAY.match(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise refuse(
        f"{shown(value)} is no day",
        "a waiver ends on a certain day",
        'write it like "2026-12-31"',
    )


def _name(text: str) -> str:
    why = "names are compared and shown as they stand"
    if not text.strip():
        raise refuse("the text is empty", why, "write some text")
    if hidden := hidden_character(text):
        raise refuse(f"{shown(text)} contains {hidden}", why, "type the text anew without it")
    if text != text.strip():
        raise refuse(
            f"{shown(text)} has white space around it", why, f"write {shown(text.strip())}"
        )
    return text


def _prefix(text: str) -> str:
    why = "it begins the name of every role group, which both systems compare as it stands"
    if hidden := hidden_character(text):
        raise refuse(f"{shown(text)} contains {hidden}", why, "type the prefix anew without it")
    if text.lstrip().casefold().startswith("cf"):
        raise refuse(
            f"{shown(text)} makes group names that begin with CF",
            "Cloudflare's SCIM endpoint refuses to create such a group",
            'write a prefix that begins otherwise, like "Cloudflare "',
        )
    if text != text.lstrip():
        raise refuse(f"{shown(text)} begins with white space", why, f"write {shown(text.lstrip())}")
    return text


def _slug(text: str) -> str:
    if re.fullmatch(SLUG_PATTERN, text):
        return text
    raise refuse(
        f"{shown(text)} is no rule name",
        "a waiver sets aside exactly the rule it names",
        "write the name as the policy prints it: lower-case words joined by hyphens",
    )


def _organisation(text: str) -> str:
    host = text.strip().lower().removeprefix("https://").removeprefix("http://").split("/")[0]
    label = host.split(".")[0].removesuffix("-admin")
    if text == text.strip() and re.fullmatch(ORG_PATTERN[1:-1], text) and label == text.lower():
        return text
    certain = "." not in host or host.endswith(tuple(f".{domain}" for domain in OKTA_DOMAINS))
    raise refuse(
        f"{shown(text)} is not the plain name of an Okta organisation",
        "links to the admin console are built from it",
        f"write {label}"
        if certain and re.fullmatch(ORG_PATTERN[1:-1], label)
        else "write the first part of the organisation's own okta.com address, like example",
    )


def _catalog_app(text: str) -> str:
    if re.fullmatch(APP_PATTERN, text):
        return text
    raise refuse(
        f"{shown(text)} is no key of Okta's app catalog",
        "Okta creates the app from this key",
        f"write {GUIDE_APP} for SCIM 2.0 Test App (OAuth Bearer Token)",
    )


def _url_suffix(text: str) -> str:
    if re.fullmatch(r"(\?[A-Za-z0-9_=&-]+)?", text):
        return text
    bare = text.strip().lstrip("?&/")
    raise refuse(
        f"{shown(text)} cannot be put after the tenant URL",
        "Entra reads the suffix as a query and must still find the SCIM address before it",
        f"write ?{bare}"
        if re.fullmatch(r"[A-Za-z0-9_=&-]+", bare)
        else 'write "" or a query like ?aadOptscim062020',
    )


_NO_MEMBERSHIP = (
    "Microsoft's scoping filters cannot look at group membership (guide, note on MemberOf)",
    "leave the clause out and use scope: assigned, which provisions the members of assigned groups",
)
_MEMBERSHIP = {"memberof", "ismemberof", "members", "transitivememberof", "groups", "group"}
ATTRIBUTE_PATTERN = (
    r"^(?!(?:([Ii]s|[Tt]ransitive)?[Mm]ember[Oo]f|[Mm]embers|[Gg]roups?)$)"
    + r"[A-Za-z][A-Za-z0-9_.-]{0,254}$"
)


def _attribute(text: str) -> str:
    if re.sub(r"[\s_-]", "", text).lower() in _MEMBERSHIP:
        raise refuse(f"{shown(text)} is about group membership", *_NO_MEMBERSHIP)
    if not re.fullmatch(ATTRIBUTE_PATTERN[1:-1], text):
        raise refuse(
            f"{shown(text)} is no attribute name",
            "the filter is evaluated on this attribute of the Entra user",
            "write the name as Entra shows it, like department",
        )
    return text


def _operator(text: str) -> str:
    if text in OPERATORS:
        return text
    if re.sub(r"[\s_-]", "", text).lower() in _MEMBERSHIP:
        raise refuse(f"{shown(text)} is about group membership", *_NO_MEMBERSHIP)
    near = nearest(text, [*OPERATORS[:-2]])
    raise refuse(
        f"{shown(text)} is no filter operator",
        "Microsoft Graph compares operator names as they stand",
        f'write "{near}"'
        if near
        else "write one of " + ", ".join(f'"{operator}"' for operator in OPERATORS),
    )


def _text(pattern: str, longest: int, **more: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": longest, "pattern": pattern, **more}
    )


LONGEST_GROUP = 255
"""Okta's limit; Entra takes one more."""
_LONGEST_PREFIX = LONGEST_GROUP - max(map(len, ROLES))


def at_most(longest: int, who: str) -> AfterValidator:
    """Refuses a text longer than `longest` characters, the limit of `who`."""

    def check(text: str) -> str:
        if len(text) > longest:
            raise refuse(
                f"{shown(text)} has {len(text)} characters",
                f"{who} takes at most {longest}",
                "write a shorter one",
            )
        return text

    return AfterValidator(check)


AccountId = Annotated[str, AfterValidator(_account_id), _text(ACCOUNT_ID_PATTERN, 32)]
Email = Annotated[str, AfterValidator(_email), _text(EMAIL_PATTERN, LONGEST, format="email")]
RoleName = Annotated[Role, BeforeValidator(_role)]
Cidr = Annotated[str, AfterValidator(_cidr), _text(CIDR_PATTERN, 49)]
Moment = Annotated[datetime, BeforeValidator(_moment), _text(MOMENT_PATTERN, 80)]
Day = Annotated[date, BeforeValidator(_day), _text(DAY_PATTERN, 80)]
Name = Annotated[str, AfterValidator(_name), _text(NAME_PATTERN, 1000)]
Slug = Annotated[str, AfterValidator(_slug), _text(SLUG_PATTERN, 100)]
OrgName = Annotated[str, AfterValidator(_organisation), _text(ORG_PATTERN, 63)]
CatalogApp = Annotated[str, AfterValidator(_catalog_app), _text(APP_PATTERN, 100)]
UrlSuffix = Annotated[
    str,
    AfterValidator(_url_suffix),
    WithJsonSchema({"type": "string", "pattern": r"^(\?[A-Za-z0-9_=&-]+)?$"}),
]
AccountName = Annotated[Name, at_most(100, "Cloudflare"), _text(NAME_PATTERN, 100)]
TokenName = Annotated[Name, at_most(120, "Cloudflare"), _text(NAME_PATTERN, 120)]
AppLabel = Annotated[Name, at_most(100, "Okta"), _text(NAME_PATTERN, 100)]
EntraName = Annotated[Name, at_most(256, "Entra"), _text(NAME_PATTERN, 256)]
GroupName = Annotated[Name, at_most(LONGEST_GROUP, "Okta"), _text(NAME_PATTERN, LONGEST_GROUP)]
Prefix = Annotated[
    str,
    AfterValidator(_prefix),
    at_most(_LONGEST_PREFIX, "a group name with the longest role in it"),
    WithJsonSchema({"type": "string", "maxLength": _LONGEST_PREFIX, "pattern": PREFIX_PATTERN}),
]
FilterAttribute = Annotated[
    str,
    AfterValidator(_attribute),
    WithJsonSchema({"type": "string", "pattern": ATTRIBUTE_PATTERN}),
]
FilterOperator = Annotated[
    str, AfterValidator(_operator), WithJsonSchema({"type": "string", "enum": list(OPERATORS)})
]

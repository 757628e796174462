"""The words the config is written in: annotated types, each with its own refusal in four parts."""

import re
from datetime import UTC, date, datetime
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from scim.credentials import shown
from scim.lookalikes import hidden_character, nearest_role
from scim.roles import ROLES, Role

REFUSED = "refused"
"""pydantic error type of every refusal written here; its context holds the message's parts."""

EMAIL_PATTERN = (
    r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$"
)
ACCOUNT_ID_PATTERN = r"^[0-9a-f]{32}$"
RFC_3339_PATTERN = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(Z|z|[+-]\d{2}:\d{2})$"

_EMAIL = re.compile(EMAIL_PATTERN[:-1] + r"\Z")
_ACCOUNT_ID = re.compile(ACCOUNT_ID_PATTERN[:-1] + r"\Z")
_RFC_3339 = re.compile(RFC_3339_PATTERN[:-1] + r"\Z", re.ASCII)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T00:00:00Z)?\Z", re.ASCII)


def refuse(what: str, why: str, instead: str) -> PydanticCustomError:
    """The error a validator raises: what is wrong, why it matters, what to write instead."""
    return PydanticCustomError(
        REFUSED, "{what}; {why}; {instead}", {"what": what, "why": why, "instead": instead}
    )


def _account_id(text: str) -> str:
    if not _ACCOUNT_ID.match(text):
        raise refuse(
            f"{shown(text)} is no account id",
            "the token and the SCIM address are made for exactly this account",
            "write the 32 lower-case hex digits shown on the account's overview page",
        )
    return text


def _email(text: str) -> str:
    local, _, domain = text.rpartition("@")
    if not _EMAIL.match(text) or len(local) > 64 or len(domain) > 253:
        raise refuse(
            f"{shown(text)} is no e-mail address",
            "people are found in the identity provider and in Cloudflare by their address",
            "write the plain address, like ada@example.com",
        )
    return text


def _role(name: object) -> object:
    if not isinstance(name, str) or name in ROLES:
        return Role(name) if isinstance(name, str) else name
    near = nearest_role(name)
    listed = ", ".join(f'"{role}"' for role in ROLES)
    raise refuse(
        f"{shown(name)} is not one of the four roles",
        "Cloudflare compares role names byte for byte",
        f'write "{near}"' if near else f"write one of {listed}",
    )


def _cidr(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise refuse(
            f"{shown(text)} is no network in CIDR notation",
            "Cloudflare accepts the token from these networks only",
            "write an address and a prefix length, like 203.0.113.0/24",
        ) from None
    return text


def _moment(text: object) -> object:
    if not isinstance(text, str):
        return text
    if _RFC_3339.match(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise refuse(
        f"{shown(text)} is no moment in RFC 3339 with a zone",
        "the token must end at one certain moment",
        "write it like 2027-05-20T00:00:00Z",
    )


def _day(text: object) -> object:
    if not isinstance(text, str):
        return text
    match = _DAY.match(text)
    if match:
        try:
            return date.fromisoformat(match[1])
        except ValueError:
            pass
    raise refuse(
        f"{shown(text)} is no date",
        "a waiver holds until a certain day",
        "write it like 2026-12-31",
    )


def _name(text: str) -> str:
    hidden = hidden_character(text)
    if hidden or text != text.strip() or not text:
        raise refuse(
            f"{shown(text)} " + (f"contains {hidden}" if hidden else "has white space around it"),
            "names are compared byte for byte",
            f"write {shown(text.strip())} without it" if text.strip() else "write a name",
        )
    return text


AccountId = Annotated[str, AfterValidator(_account_id), Field(pattern=None)]
Email = Annotated[str, AfterValidator(_email)]
RoleName = Annotated[Role, BeforeValidator(_role)]
Cidr = Annotated[str, AfterValidator(_cidr)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, AfterValidator(_name)]

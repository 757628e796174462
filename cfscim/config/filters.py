"""The scoping filter on users in Entra: its clauses and the operators Microsoft Graph knows."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from cfscim.config.base import Part
from cfscim.config.credentials import shown
from cfscim.config.lookalikes import nearest
from cfscim.config.refusal import refuse

UNARY = ("IS NULL", "IS NOT NULL", "IS TRUE", "IS FALSE")
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
        f'write "{near}"' if near else "write one of " + ", ".join(f'"{one}"' for one in OPERATORS),
    )


class UserFilter(Part):
    """One clause of the scoping filter on users; a user must satisfy every clause."""

    attribute: Annotated[
        str,
        AfterValidator(_attribute),
        WithJsonSchema({"type": "string", "pattern": ATTRIBUTE_PATTERN}),
    ] = Field(
        description="Attribute of the Entra user, such as department. MemberOf is refused: "
        "Microsoft has no such filter.",
        examples=["department"],
    )
    operator: Annotated[
        str,
        AfterValidator(_operator),
        WithJsonSchema({"type": "string", "enum": list(OPERATORS)}),
    ] = Field(description="Operator by Microsoft Graph's own name.", examples=["EQUALS"])
    value: str = Field(
        default="",
        description="Value compared with, case-sensitively. Left out for IS NULL, IS NOT NULL, "
        "IS TRUE and IS FALSE, an integer in quotes for Greater_Than and Greater_Than_OR_EQUALS.",
        examples=["Engineering"],
    )

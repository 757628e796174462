"""What pages of docs/ show of the config: the tables of keys, and Okta's switches.

The keys are made from the JSON Schema, which is made from the models; so a key, or a switch, is
described where it is declared, and nowhere again.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfscim.config import okta_switches
from cfscim.config.messages import UsageError
from cfscim.config.okta_switches import Page
from cfscim.config.schema import config_schema

_PROVIDER = "identityProvider"
_FORMS = {"boolean": "`true`, `false`", "integer": "whole number", "object": "by exact name"}
Schema = dict[str, Any]
Row = tuple[str, str, str, str]


def tables() -> str:
    """Markdown: a heading and a table for the object itself and for each identity provider."""
    schema: Schema = json.loads(json.dumps(config_schema()))
    known: Schema = schema["$defs"]
    parts = (
        ("Account, token, roles", schema, ""),
        ("Okta", known["OktaConfig"], _PROVIDER),
        ("Microsoft Entra", known["EntraConfig"], _PROVIDER),
    )
    return "\n".join(_table(title, list(_rows(part, known, path))) for title, part, path in parts)


def switches() -> str:
    """Markdown: Okta's switches in the console, on which page each is and how it has to stand."""
    rows = [
        f"| **{page}** | **{switch.title}** | {switch.wanted} "
        f"| {'yes' if switch.listed else 'no: Okta has no API for it'} |"
        for page in Page
        for switch in okta_switches.SWITCHES
        if switch.page is page
    ]
    head = ["| page | switch | has to be | read back |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def published(text: str) -> str:
    """The text of a page with every part anew that stands between a part's two lines.

    Raises `UsageError` for a page without any.
    """
    whole = text
    for name, rendered in (("keys", tables), ("switches", switches)):
        begin, end = f"<!-- {name}: `make published` -->\n", f"<!-- end of {name} -->\n"
        if begin in text and end in text:
            before, rest = whole.split(begin)
            whole = f"{before}{begin}\n{rendered()}\n{end}{rest.split(end)[1]}"
    if "`make published` -->" not in text:
        raise UsageError("page", "nothing in it is made from the config")
    return whole


def update(page: str) -> int:
    """Writes a page anew; the exit code is 0. Raises `UsageError` where nothing in it is made."""
    path = Path(page)
    path.write_text(published(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _table(title: str, rows: list[Row]) -> str:
    lines = [f"## {title}", "", "| key | values | default | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def _rows(part: Schema, known: Schema, path: str) -> Iterator[Row]:
    required = part.get("required", ())
    for name, field in part["properties"].items():
        here = f"{path}.{name}" if path else name
        if here == _PROVIDER:  # its kinds have tables of their own
            continue
        if "$ref" in field:
            yield from _rows(_named(field, known), known, here)
            continue
        default = "required" if name in required else _default(field)
        yield f"`{here}`", _values(field), default, _meaning(field)
        if "properties" in field:
            inner, below = next(iter(field["properties"].values())), f"{here}.<role>"
            yield from _rows(_named(inner, known), known, below)
        elif "$ref" in field.get("items", {}):
            yield from _rows(_named(field["items"], known), known, f"{here}[]")


def _named(field: Schema, known: Schema) -> Schema:
    return known[field["$ref"].rpartition("/")[2]]


def _values(field: Schema) -> str:
    if "anyOf" in field:
        outer = {key: value for key, value in field.items() if key != "anyOf"}
        return ", ".join(_values({**outer, **kind}) for kind in field["anyOf"])
    if words := field.get("enum") or ([field["const"]] if "const" in field else []):
        return ", ".join(f"`{word}`" for word in words)
    if field.get("type") == "array":
        inner = "entries" if "$ref" in field["items"] else "e-mail addresses"
        example = field.get("examples", [[]])[0]
        return f"list, such as `{json.dumps(example)}`" if example else f"list of {inner}"
    if form := {"null": "`null`", **_FORMS}.get(field.get("type", "")):
        return form
    return f"text, such as `{field['examples'][0]}`" if field.get("examples") else "text"


def _default(field: Schema) -> str:
    default = field.get("default")
    if isinstance(default, str):
        return f'`"{default}"`' if default in ("", "1") else f"`{default}`"
    return f"`{json.dumps(default)}`" if default is not None else "none"


def _meaning(field: Schema) -> str:
    page = field.get("$comment")
    text = field["description"].replace("|", "\\|").replace("<", "\\<")
    return text + (f" See [{page}]({page})." if page else "")

"""Text made harmless for GitHub Markdown: no mention, no issue link, no HTML, no broken table."""

import re

from cfscim.config.messages import one_line

LONGEST_VALUE = 240
"""Characters; a longer value is clipped, the whole of it stands in the stack file."""

# No `$` at either end: GitHub takes a dollar beside a backtick for a formula.
_SAFE_IN_BACKTICKS = re.compile(r"(?!\$)[^`|\\]+(?<!\$)")
_PIECES = re.compile(r"`[^`]+`|https?://\S*[^\s.,;:)]|\S*[@#$]\S*|\S+|\s+")
_ENTITIES = {"<": "&lt;", "&": "&amp;"}
_ESCAPED = str.maketrans({char: "\\" + char for char in "\\`*_{}[]|~"} | _ENTITIES)
_PLAIN_LINK = re.compile(r"https://[A-Za-z0-9./_#?=&%~+-]+")


def code(text: str) -> str:
    """A value as a code span that means itself everywhere, table cells included.

    GitHub looks for mentions and issue numbers outside code only.
    """
    shown = clipped(one_line(text))
    if not shown:
        return "(empty)"
    if _SAFE_IN_BACKTICKS.fullmatch(shown) and shown == shown.strip():
        return f"`{shown}`"
    inner = "".join(char if char.isalnum() else f"&#{ord(char)};" for char in shown)
    return f"<code>{inner}</code>"


def words(text: str) -> str:
    """Our own words, escaped all the same."""
    return one_line(text).translate(_ESCAPED)


def prose(text: str) -> str:
    """A finished sentence: code in backticks stays code, links stay links, the rest is escaped.

    Anything with an @ (an address), a # or a $ becomes code: outside it GitHub would make a
    mention, an issue link or a formula of it.
    """
    return "".join(_piece(piece) for piece in _PIECES.findall(one_line(text))).lstrip(" >")


def fenced(lines: list[str], language: str) -> list[str]:
    """A code block whose fence is longer than any run of backticks in it."""
    shown = [clipped(one_line(line)) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *shown, fence]


def marker(text: str) -> str:
    """A comment that GitHub does not show."""
    inner = re.sub(r"[^A-Za-z0-9_.: /-]", "_", text)
    # Two dashes would end a comment; "=" is in no stack name, so no two markers become alike.
    return f"<!-- {inner.replace('--', '-=')} -->"


def clipped(text: str) -> str:
    """The text, or its beginning when it is long."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _piece(piece: str) -> str:
    if piece.isspace():
        return " "
    if len(piece) > 2 and piece[0] == piece[-1] == "`":
        return code(piece[1:-1])
    if _PLAIN_LINK.fullmatch(piece):
        return f"<{piece}>"
    if piece.startswith(("https://", "http://")) or re.search(r"[@#$]", piece):
        return _with_punctuation(piece)
    return piece.translate(_ESCAPED)


def _with_punctuation(piece: str) -> str:
    """The value as code, what merely surrounds it in the sentence as text."""
    found = re.fullmatch(r"([(\"']*)(.*?)([)\"'.,;:]*)", piece)
    assert found is not None
    before, value, after = found.groups()
    return before + code(value) + after

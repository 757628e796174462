"""Everybody once by name: what is said of the same people again says how many they are."""

import re
from collections.abc import Iterable, Iterator, Sequence

from cfscim.report.document import Code, Inline, Line, Prose, codes

SHORT = 2
"""So few people are named as often as they are spoken of."""
_JOINS = (", ", " and ")
_MORE = re.compile(r"\d+ more( people \(all are named below\))?")
_IN_BRACKETS = re.compile(r" \(([^()\s]+@[^()]*)\)")


def in_full(line: Line, people: Sequence[str]) -> Line:
    """The line with all the people where it names some of them and counts the others."""
    start, end = next(_runs(line, set(people)), (0, 0))
    counted = end > start and line[end : end + 2]
    if not (counted and counted[0] in _JOINS and _is_count(counted[-1])):
        return line
    named = {part.text for part in line[start:end] if isinstance(part, Code)}
    others = [person for person in people if person not in named]
    listed = [part.text for part in line[start:end:2] if isinstance(part, Code)]
    return (*line[:start], *codes([*listed, *others]), *line[end + 2 :])


def named_once(
    lines: Iterable[tuple[str, Line]], everybody: Iterable[str]
) -> Iterator[tuple[str, Line]]:
    """The signed lines in their order, with nobody of `everybody` listed a second time."""
    known, seen = set(everybody), set[str]()
    last: set[str] = set()
    for sign, line in lines:
        parts: list[Inline] = []
        place = 0
        for start, end in _runs(line, known):
            people = {part.text for part in line[start:end:2] if isinstance(part, Code)}
            again = _again(people, last, seen)
            parts += [*line[place:start], *([again] if again else line[start:end])]
            place, last = end, people
            seen |= people
        parts += line[place:]
        yield sign, tuple(_without(part, seen) for part in parts)


def _again(people: set[str], last: set[str], seen: set[str]) -> str:
    """What stands for people who were named; nothing where it would not say who they are."""
    if len(people) <= SHORT or not people <= seen:
        return ""
    if people == last:
        return f"the same {len(people)} people"
    return f"all {len(people)} people named above" if people == seen else ""


def _without(part: Inline, seen: set[str]) -> Inline:
    """A finished sentence without the brackets in which people stand who were named."""
    if not isinstance(part, Prose):
        return part

    def shorter(brackets: re.Match[str]) -> str:
        people = brackets[1].split(", ")
        again = len(people) > SHORT and seen.issuperset(people)
        return " (named above)" if again else brackets[0]

    return Prose(_IN_BRACKETS.sub(shorter, part.text))


def _runs(line: Line, people: set[str]) -> Iterator[tuple[int, int]]:
    """Where people stand in a row, as `codes` writes them: begin and end."""
    place = 0
    while place < len(line):
        end = place
        while end < len(line) and _is_person(line[end], people):
            end += 1
            if end + 1 < len(line) and line[end] in _JOINS and _is_person(line[end + 1], people):
                end += 1
        if end > place:
            yield place, end
        place = max(end, place + 1)


def _is_person(part: Inline, people: set[str]) -> bool:
    return isinstance(part, Code) and part.text in people


def _is_count(part: Inline) -> bool:
    return isinstance(part, str) and bool(_MORE.fullmatch(part))

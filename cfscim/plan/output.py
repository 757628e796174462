"""Plans and reviews in the three formats; config problems are printed as `validate` does."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from cfscim.config.examples import example_values
from cfscim.config.messages import PROJECT, Message
from cfscim.config.policy.rules import Violation, is_refused
from cfscim.config.stack_file import CheckedStack, stack_of
from cfscim.plan.model import Plan, as_json
from cfscim.plan.report import plan_document
from cfscim.report.document import (
    Bullets,
    Document,
    Line,
    Paragraph,
    Prose,
    Section,
    Strong,
    Weight,
    count,
    plain,
)
from cfscim.report.markdown import code, marker, prose
from cfscim.report.say import say
from cfscim.review.compare import Review
from cfscim.review.program import NO_CHANGE
from cfscim.review.report import review_document, review_json
from cfscim.review.risks import risks
from cfscim.review.summary import brief_document, overview, totals
from cfscim.validate import render as render_problems
from cfscim.validate import show as show_problems


@dataclass(frozen=True)
class StackResult:
    """One stack: its plan where the config is valid, its review where there is a base."""

    checked: CheckedStack
    plan: Plan | None
    review: Review | None
    violations: tuple[Violation, ...]


def render_json(
    results: Sequence[StackResult], problems: Sequence[Message], gone: Sequence[str], *, many: bool
) -> str:
    """One stack: the contract's object; many: a list of them, each with its file.

    A single stack with problems prints what `validate --format json` prints.
    """
    if many:
        removed = [
            {"project": PROJECT, "stack": stack_of(file), "file": file, "removed": True}
            for file in gone
        ]
        mine = {result.checked.file.path for result in results}
        other = [problem for problem in problems if problem.where.file not in mine]
        beside = [_beside(file, other) for file in _files(other)]
        entries = [_json_entry(result, problems) for result in results]
        return _dumped([*entries, *removed, *beside])
    (result,) = results
    if result.plan is None:
        return render_problems([result.checked], problems, "json") + "\n"
    return _dumped(_json(result, result.plan))


def render_markdown(
    results: Sequence[StackResult],
    problems: Sequence[Message],
    gone: Sequence[str],
    *,
    many: bool,
    whole: bool = False,
) -> str:
    """A pull-request comment; of many stacks those that change first, the others by name. `whole`:
    all of it, however long."""
    from cfscim.gitops.summary import COMMENT
    from cfscim.report.markdown import NO_LIMIT, render, section_lines

    most = NO_LIMIT if whole else 100
    lead = []
    program = _program(results)
    if many:
        lead += [marker("cfscim-plan"), ""]
    elif problems:
        lead += [marker(f"cfscim-plan {results[0].checked.file.stack}"), ""]
    if problems:
        lead += ["## The config cannot be used", ""]
        lead += [*_bullets(map(str, problems), most), ""]
    lead += [f"- {_removed(code(file))}" for file in gone]
    documents = [document for result in results if (document := _document(result)) is not None]
    if many:
        results = [_without_program(result) for result in results]
        unchanged = [r for r in results if r.review is not None and _quiet(r)]
        documents = [_document_of(r) for r in results if r.plan is not None and r not in unchanged]
        lead += [*section_lines([*program, *overview(_changing(results))])]
        if unchanged:
            names = ", ".join(code(result.checked.file.stack) for result in unchanged[: 3 * most])
            number = count(len(unchanged), "stack")
            lead += ["", f"Nothing changes in {number}{_since(unchanged)}: {names}.", ""]
    examples = [f"warning: {text}" for result in results for text in example_values(result.checked)]
    if many:
        lead += [*_bullets(examples, most, " stacks"), ""] if examples else []
    else:
        said = tuple(Paragraph((Prose(text),)) for text in examples)
        documents = [replace(review, outro=(*said, *review.outro)) for review in documents]
    return render(documents, most=NO_LIMIT if whole else COMMENT, lead=lead)


def _bullets(texts: Iterable[str], most: int, what: str = "") -> list[str]:
    """At most so many, and a word of how many more there are."""
    listed = [f"- {prose(text)}" for text in texts]
    more = [f"- … and {len(listed) - most} more{what}"] if len(listed) > most else []
    return [*listed[:most], *more]


def _removed(file: str) -> str:
    return (
        f"{file} is removed: this program manages that stack no longer. Nothing is taken down by "
        "that; run `pulumi destroy` first if it was meant."
    )


def show_policy(results: Sequence[StackResult]) -> None:
    """What the policy rules say, on stderr: the contract's JSON has no place for it."""
    for result in results:
        for line in policy_lines(result.violations):
            print(f"policy: {plain(line)}", file=sys.stderr)


def show_text(
    results: Sequence[StackResult],
    problems: Sequence[Message],
    gone: Sequence[str],
    *,
    many: bool,
    whole: bool,
) -> None:
    """For people, on a terminal or in a log; `whole`: what stays as it is, too."""
    from cfscim.report.terminal import show

    if problems:
        show_problems([result.checked for result in results], problems, "text")
    for file in gone:
        say(_removed(file))
    sys.stdout.flush()
    if many:
        results = sorted(results, key=_riskiest)
    if whole or all(result.review is None for result in results):
        show([brief for result in results if (brief := _document(result)) is not None])
        return
    documents: list[Document] = []
    if many:
        first = Document("", (), (), tuple(_program(results)))
        documents = [first] if first.sections else []
        results = [_without_program(result) for result in results]
    shown = [result for result in results if not (many and _quiet(result))]
    documents += [brief for result in shown if (brief := _brief(result, many=many)) is not None]
    reviews = [result.review for result in results if result.review is not None]
    if many and reviews:
        documents.append(Document("", (), (), outro=(Paragraph((totals(reviews),)),)))
    show(documents)


def _riskiest(result: StackResult) -> float:
    """A stack with the gravest risk comes first, but for the program's, which is everybody's."""
    if result.review is None:
        return -1
    return min((risk.rank for risk in risks(result.review) if risk.rank), default=float("inf"))


def _brief(result: StackResult, *, many: bool) -> Document | None:
    if result.review is None:
        return _document(result)
    broken = list(_in_short(result.violations))
    refused = [("!", line) for line in policy_lines(broken) if _is_refusal(line)]
    waived = [(" ", line) for line in policy_lines(broken) if not _is_refusal(line)]
    return brief_document(result.review, [*refused, *waived], titled=many)


def _in_short(violations: Sequence[Violation]) -> Iterator[Violation]:
    """What one rule says of one place as one, without what the rule is for: that stands in
    docs/policy.md, and is shown with --all, as all is that one rule counts in several ways."""
    alike: dict[tuple[object, ...], list[Violation]] = {}
    for broken in violations:
        said = broken.message
        alike.setdefault((broken.rule, broken.waived, said.where, said.instead), []).append(broken)
    for same in alike.values():
        briefs = [broken.brief for broken in same if broken.brief]
        said = [broken.message.what for broken in same if not broken.brief]
        more = f", and {count(len(briefs) - 1, 'share')} more" if len(briefs) > 1 else ""
        what = "; ".join(dict.fromkeys([*(f"{brief}{more}" for brief in briefs[:1]), *said]))
        yield replace(same[0], message=replace(same[0].message, what=what, why=""))


def _is_refusal(line: Line) -> bool:
    return plain(line[:1]).startswith("Refused")


def _program(results: Sequence[StackResult]) -> list[Section]:
    """The change of the program, which is that of every stack, as a section of its own."""
    changed = [r.review for r in results if r.review is not None and r.review.program]
    first = (next(risk.line for risk in risks(review) if risk.rank == 0) for review in changed)
    lines = tuple(dict.fromkeys(first))
    return [Section("Before everything else", (Bullets(lines, Weight.NEVER_CUT),))] if lines else []


def _without_program(result: StackResult) -> StackResult:
    if result.review is None:
        return result
    return replace(result, review=replace(result.review, program=NO_CHANGE))


def _changing(results: Sequence[StackResult]) -> list[Review]:
    """The reviews of several stacks that change; of a single one its own document is enough."""
    reviews = [r.review for r in results if r.review is not None and not _quiet(r)]
    return reviews if len(reviews) > 1 else []


def _dumped(value: object) -> str:
    # ASCII only, so that no terminal's encoding can break the JSON.
    return json.dumps(value, indent=2) + "\n"


def _json(result: StackResult, plan: Plan) -> dict[str, object]:
    if result.review is None:
        return as_json(plan)
    shown = review_json(result.review)
    shown["policy"] = [_violation(violation) for violation in result.violations]
    return shown


def _violation(violation: Violation) -> dict[str, object]:
    waiver = violation.waived
    return {
        "rule": violation.rule,
        "message": str(violation.message),
        "waivedUntil": str(waiver.until) if waiver else None,
        "waivedBy": waiver.by if waiver else None,
    }


def _json_entry(result: StackResult, problems: Sequence[Message]) -> dict[str, object]:
    file = result.checked.file
    mine = [problem for problem in problems if problem.where.file == file.path]
    entry: dict[str, object] = {"project": PROJECT, "stack": file.stack}
    if result.plan is not None:
        entry = _json(result, result.plan)
    entry["file"] = file.path
    if mine:
        entry["problems"] = _beside(file.path, mine)["problems"]
    return entry


def _files(problems: Sequence[Message]) -> list[str]:
    return sorted({problem.where.file or "" for problem in problems})


def _beside(file: str, problems: Sequence[Message]) -> dict[str, object]:
    """What is wrong with a file that is no stack's, such as the project's own."""
    mine = [problem for problem in problems if (problem.where.file or "") == file]
    listed = json.loads(render_problems([], mine, "json"))["problems"]
    return {"project": PROJECT, "file": file, "problems": listed}


def _document(result: StackResult) -> Document | None:
    return None if result.plan is None else _document_of(result)


def _document_of(result: StackResult) -> Document:
    assert result.plan is not None
    policy = tuple(_policy(result.violations))
    if result.review is None:
        return plan_document(result.plan, policy)
    return review_document(result.review, policy)


def _quiet(result: StackResult) -> bool:
    review = result.review
    refused = is_refused(result.violations)
    return review is not None and review.nothing_changes and not review.program and not refused


def _since(results: Sequence[StackResult]) -> str:
    labels = {result.review.label for result in results if result.review is not None}
    return f" compared with {code(labels.pop())}" if len(labels) == 1 else ""


def _policy(violations: Sequence[Violation]) -> Iterator[Section]:
    lines = tuple(policy_lines(violations))
    if lines:
        yield Section("Policy", (Bullets(lines, Weight.VITAL),))


def policy_lines(violations: Sequence[Violation]) -> Iterator[Line]:
    """Refused ones first, each with its rule, then the waived ones with who waived them."""
    for violation in violations:
        if violation.waived is None:
            yield (Strong(f"Refused by {violation.rule}: "), Prose(str(violation.message)))
    for violation in violations:
        if violation.waived is not None:
            who = (
                f"{violation.waived.by} until {violation.waived.until} ({violation.waived.reason})"
            )
            yield (Strong(f"Waived, {violation.rule}: "), Prose(f"{violation.message}; by {who}"))

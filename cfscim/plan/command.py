"""`plan`: what a stack declares and who gets which role, and what a change does to both.

Runs the program in this process: no engine, no network, no credential.
"""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cfscim.config.clashes import clashes
from cfscim.config.messages import Message, UsageError, one_line
from cfscim.config.models import ScimConfig
from cfscim.config.policy.model import is_base_of
from cfscim.config.policy.rules import is_refused
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.plan.model import Plan, check, make_plan
from cfscim.plan.output import StackResult, render_json, render_markdown, show_policy, show_text
from cfscim.report.say import clear, passing, say
from cfscim.review.baseline import Baseline, Bases, base_plan
from cfscim.review.compare import Review, compare
from cfscim.stacks import print_warnings, stack_path
from cfscim.validate import project_problems, stack_files


@dataclass(frozen=True)
class Request:
    """What was asked for: one `stack`, or every stack file of `paths`; `against` names a base, or
    `bases` a file with those of each stack.

    `enforce`: a broken policy rule makes the exit code 1, and so does a change that the engine will
    refuse. `whole`: as text, what stays as it is as well; as Markdown, nothing is cut.
    """

    stack: str | None = None
    paths: tuple[str, ...] = ()
    output: str = "text"
    against: str | None = None
    bases: str | None = None
    enforce: bool = False
    whole: bool = False


def run(request: Request) -> int:
    """Plans and prints. Returns 0, 1 for config problems (and refused policy rules when
    enforced), 2 for wrong usage; raises `MissingError` when git is needed and missing."""
    try:
        return _run(request)
    except UsageError as error:
        clear()
        say(str(error), "!", error=True)
        return error.exit_code


def _run(request: Request) -> int:
    if request.stack is not None and request.paths:
        raise UsageError(
            "plan",
            f"--stack {one_line(request.stack)} and {one_line(request.paths[0])} are both given",
            "one names a stack of this folder, the other a folder",
            "give one of them",
        )
    bases = Bases(request)
    checked, problems = _chosen(request)
    clear()
    print_warnings(checked)
    passing("planning")
    today, results = datetime.now(UTC).date(), []
    for stack in checked:
        results.append(_result(stack, bases, today))
        # What the provider SDKs left behind is kept for good; looking through it costs time.
        gc.freeze()
    gone = _gone(request, bases, checked)
    bases.close()
    clear()
    if request.output == "json":
        if request.enforce:
            show_policy(results)
        print(render_json(results, problems, gone, many=request.stack is None), end="")
    elif request.output == "markdown":
        many = request.stack is None
        print(render_markdown(results, problems, gone, many=many, whole=request.whole), end="")
    else:
        many = request.stack is None
        show_text(results, problems, gone, many=many, whole=request.whole)
    refused = any(
        is_refused(result.violations) or (result.review is not None and result.review.refused)
        for result in results
    )
    return 1 if problems or (request.enforce and refused) else 0


def _chosen(request: Request) -> tuple[list[CheckedStack], list[Message]]:
    """The stacks asked for, and everything that is wrong with them or between them."""
    if request.stack is not None:
        stack = check_stack_file(stack_path(request.stack, "plan"), now=datetime.now(UTC))
        listed = (*project_problems([stack.file.path]), *stack.problems)
        return [replace(stack, problems=listed)], list(listed)
    files, problems = stack_files(request.paths)
    checked = [check_stack_file(file, now=datetime.now(UTC)) for file in files]
    problems += [problem for stack in checked for problem in stack.problems]
    problems += clashes(checked)
    problems += project_problems(files)
    problems.sort(key=lambda problem: (problem.where.file or "", problem.where.line or 0))
    return checked, problems


def _result(stack: CheckedStack, bases: Bases, today: date) -> StackResult:
    """The plan of a valid stack, and its review where there is a base to compare with."""
    if stack.config is None or stack.problems:
        return StackResult(stack, None, None, ())
    plan, file = make_plan(stack, today=today), stack.file.path
    its = bases.of(stack.file.stack)
    base = its.against.of(file) if its.against is not None else None
    missing = base is not None and base.missing
    begun: list[tuple[str, ScimConfig]] = []
    for against, other in its.begun:
        began = os.path.join(os.path.dirname(file), f"Pulumi.{other}.yaml")
        checked, invalid = against.checked(began)
        config = checked.config if checked is not None else None
        missing = missing or invalid
        if config is not None and is_base_of(stack.config, config, own=other == stack.file.stack):
            begun.append((against.name[:12], config))
    review = None
    if base is not None or bases.of_each:
        review = _review(plan, base or Baseline("nothing", None, NEW), begun, today)
    before = base.checked.config if base is not None and base.checked is not None else None
    if its.against is not None and before is None and not missing:
        former = its.against.former(file, stack.config.account.id)
        before = former.config if former is not None else None
    counted = {"before_missing": missing, "begun": tuple(config for _, config in begun)}
    violations = check(plan.resources, stack.config, plan.stack, today, before, **counted)
    return StackResult(stack, plan, review, tuple(violations))


NEW = "It was never deployed from here, so everything is new."


def _review(
    plan: Plan, base: Baseline, begun: Sequence[tuple[str, ScimConfig]], today: date
) -> Review:
    given = {"label": base.label, "program": base.program, "begun": begun}
    if base.checked is None or base.checked.config is None:
        return compare(None, plan, note=base.note, **given)
    return compare(base_plan(base, today=today), plan, **given)


def _gone(request: Request, bases: Bases, checked: Sequence[CheckedStack]) -> list[str]:
    """Stack files that a base has and this folder has no more."""
    if request.stack is not None:
        return []
    folders = [path for path in request.paths if os.path.isdir(path)] or ["."]
    here = {os.path.normpath(stack.file.path) for stack in checked}
    listed = (
        f for against in bases.named for folder in folders for f in against.stack_files(folder)
    )
    files = {os.path.normpath(file) for file in listed}
    return sorted(file for file in files - here if not os.path.lexists(file))

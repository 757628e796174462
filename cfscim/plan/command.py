"""`plan`: what a stack declares and who gets which role, and what a change does to both.

Runs the program in this process: no engine, no network, no credential.
"""

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cfscim.config.clashes import clashes
from cfscim.config.messages import Message, MissingError, UsageError, one_line
from cfscim.config.policy.rules import is_refused
from cfscim.config.stack_file import CheckedStack, check_stack_file
from cfscim.plan.model import Plan, check, make_plan
from cfscim.plan.output import StackResult, render_json, render_markdown, show_policy, show_text
from cfscim.report import passing
from cfscim.report.say import say
from cfscim.review.baseline import Against, Baseline, base_plan
from cfscim.review.compare import Review, compare
from cfscim.stacks import engine_name, print_warnings, stack_path
from cfscim.validate import project_problems, stack_files

DEPLOYED = "deployed"
"""The base by this name is the commit that the stack's own record holds."""


@dataclass(frozen=True)
class Request:
    """What was asked for: one `stack`, or every stack file of `paths`; `against` names a base.

    `enforce`: a broken policy rule makes the exit code 1, and so does a change that the engine will
    refuse. `whole`: as text, what stays as it is as well; as Markdown, nothing is cut.
    """

    stack: str | None = None
    paths: tuple[str, ...] = ()
    output: str = "text"
    against: str | None = None
    enforce: bool = False
    whole: bool = False


def run(request: Request) -> int:
    """Plans and prints. Returns 0, 1 for config problems (and refused policy rules when
    enforced), 2 for wrong usage; raises `MissingError` when git is needed and missing."""
    try:
        return _run(request)
    except UsageError as error:
        passing.clear()
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
    name = _deployed(request.stack) if request.against == DEPLOYED else request.against
    folders = {path if os.path.isdir(path) else os.path.dirname(path) for path in request.paths}
    against = Against(name, folders or {"."}) if name is not None else None
    checked, problems = _chosen(request)
    passing.clear()
    print_warnings(checked)
    passing.show("planning")
    today, results = datetime.now(UTC).date(), []
    for stack in checked:
        results.append(_result(stack, against, today))
        # What the provider SDKs left behind is kept for good; looking through it costs time.
        gc.freeze()
    gone = _gone(request, against, checked)
    if against is not None:
        against.close()
    passing.clear()
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


def _deployed(stack: str | None) -> str:
    """The commit of the stack's last verified deployment, from the stack's own record.

    Raises `UsageError` without one stack, `MissingError` where there is no record: what an update
    would carry out could not be shown.
    """
    from cfscim.gitops.deployed import recorded
    from cfscim.gitops.shell import Stop

    if stack is None:
        raise UsageError(
            f"plan: --against {DEPLOYED}",
            "no stack is named",
            "each stack has a record of its own",
            "name one with --stack",
        )
    where = f"plan: --against {DEPLOYED}"
    try:
        commit = recorded(engine_name(stack))
    except Stop as error:
        raise MissingError(
            where, str(error), "nothing can be compared with it", "sign in to the state, or name it"
        ) from None
    if not commit:
        raise MissingError(
            where,
            f"stack {one_line(stack)} has no record of a verified deployment",
            "what an update would carry out cannot be shown",
            "name the commit that was last deployed instead",
        )
    return commit


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


def _result(stack: CheckedStack, against: Against | None, today: date) -> StackResult:
    """The plan of a valid stack, and its review where there is a base to compare with."""
    if stack.config is None or stack.problems:
        return StackResult(stack, None, None, ())
    plan = make_plan(stack, today=today)
    base = against.of(stack.file.path) if against is not None else None
    review = _review(plan, base, today) if base is not None else None
    before = base.checked.config if base is not None and base.checked is not None else None
    missing = base is not None and base.missing
    if against is not None and before is None and not missing:
        former = against.former(stack.file.path, stack.config.account.id)
        before = former.config if former is not None else None
    violations = check(
        plan.resources, stack.config, plan.stack, today, before, before_missing=missing
    )
    return StackResult(stack, plan, review, tuple(violations))


def _review(plan: Plan, base: Baseline, today: date) -> Review:
    if base.checked is None or base.checked.config is None:
        return compare(None, plan, label=base.label, note=base.note, program=base.program)
    before = base_plan(base, today=today)
    return compare(before, plan, label=base.label, program=base.program)


def _gone(request: Request, against: Against | None, checked: Sequence[CheckedStack]) -> list[str]:
    """Stack files that the base has and this folder has no more."""
    if against is None or request.stack is not None:
        return []
    folders = [path for path in request.paths if os.path.isdir(path)] or ["."]
    here = {os.path.normpath(stack.file.path) for stack in checked}
    files = {os.path.normpath(f) for folder in folders for f in against.stack_files(folder)}
    return sorted(file for file in files - here if not os.path.lexists(file))

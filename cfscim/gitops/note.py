"""The one comment on a merge request of GitLab, or a pull request of Azure DevOps: its plan."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from cfscim.config.json_types import Json, objects
from cfscim.gitops.comment import MARKER, NO_PLAN
from cfscim.gitops.shell import Settings, Stop, listing, say, settings, texts
from cfscim.gitops.summary import COMMENT, cut
from cfscim.vendors.within import OverdueError, within

_SECONDS = 120.0
"""For the whole comment, however slowly the host answers."""
_PAGES = 20
_LARGEST = 16 * 1024 * 1024
_COMMITS = (
    "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",
    "CI_COMMIT_SHA",
    "SYSTEM_PULLREQUEST_SOURCECOMMITID",
)
"""Where the hosts say of which commit the job is; the first is empty but for merged results."""

_OPENER = urllib.request.OpenerDirector()
"""Without a handler of redirects: one would carry the token to whatever host the answer names."""
for _handler in (
    *(urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler),
    *(urllib.request.HTTPErrorProcessor, urllib.request.HTTPDefaultErrorHandler),
):
    _OPENER.add_handler(_handler())


def from_environment() -> None:
    """Writes or replaces the comment with `comment/plan.md`, as GitLab (COMMENT_TOKEN, a project
    access token that may comment) or Azure DevOps (SYSTEM_ACCESSTOKEN) hand their ids to a job."""
    plan, env = Path("comment/plan.md"), settings()
    text = plan.read_text(encoding="utf-8") if plan.is_file() else NO_PLAN
    commit = next(filter(None, (env.get(name) for name in _COMMITS)), "unknown")
    shown = cut(text, COMMENT, "comment/plan.md of this job is the whole plan")
    body = f"{MARKER}\nPlan of commit `{commit}`.\n\n{shown}"
    if "GITLAB_CI" in env and env.get("COMMENT_TOKEN"):
        _in_time(lambda: _gitlab(env, body))
    elif "TF_BUILD" in env and env.get("SYSTEM_ACCESSTOKEN"):
        _in_time(lambda: _azure(env, body))
    else:
        say("No token to comment with; the plan is comment/plan.md.")


def _in_time(comments: Callable[[], None]) -> None:
    """Runs it to its end or to the end of its time."""
    try:
        within(_SECONDS, comments)
    except OverdueError:
        raise Stop(
            f"no whole answer within {_SECONDS:g} s; the plan is comment/plan.md of this job, and "
            "the comment may be an older one; run the job again"
        ) from None


def _gitlab(env: Settings, body: str) -> None:
    """Source: GitLab, Notes API."""
    head = {"PRIVATE-TOKEN": env["COMMENT_TOKEN"]}
    project, request = quote(env["CI_PROJECT_ID"], safe=""), env["CI_MERGE_REQUEST_IID"]
    notes = f"{env['CI_API_V4_URL']}/projects/{project}/merge_requests/{request}/notes"
    for note in listing(lambda path: _call("GET", path, head), notes, most=_PAGES):
        if texts(note, "body").startswith(MARKER):
            _call("PUT", f"{notes}/{note.get('id')}", head, {"body": body})
            return
    _call("POST", notes, head, {"body": body})


def _azure(env: Settings, body: str) -> None:
    """Source: Azure DevOps, Pull Request Threads. Closed, or a policy that all comments are to be
    resolved would wait for it."""
    head = {"Authorization": f"Bearer {env['SYSTEM_ACCESSTOKEN']}"}
    project, repository = quote(env["SYSTEM_TEAMPROJECT"]), quote(env["BUILD_REPOSITORY_ID"])
    threads = (
        f"{env['SYSTEM_COLLECTIONURI'].rstrip('/')}/{project}/_apis/git/repositories/{repository}"
        f"/pullRequests/{env['SYSTEM_PULLREQUEST_PULLREQUESTID']}/threads"
    )
    answer = _call("GET", f"{threads}?api-version=7.1", head)
    for thread in objects(answer.get("value") if isinstance(answer, dict) else None):
        for comment in objects(thread.get("comments")):
            if texts(comment, "content").startswith(MARKER):
                there = f"{threads}/{thread.get('id')}/comments/{comment.get('id')}"
                _call("PATCH", f"{there}?api-version=7.1", head, {"content": body})
                return
    comment: Json = {"parentCommentId": 0, "content": body, "commentType": "text"}
    given: dict[str, Json] = {"comments": [comment], "status": "closed"}
    _call("POST", f"{threads}?api-version=7.1", head, given)


def _call(method: str, url: str, head: dict[str, str], body: dict[str, Json] | None = None) -> Json:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise Stop(f"{url.partition('?')[0]}: not by HTTPS; no token is sent there")
    data = None if body is None else json.dumps(body).encode()
    sent = urllib.request.Request(  # noqa: S310 - HTTPS, see above
        url, data, {"Content-Type": "application/json", **head}, method=method
    )
    try:
        with _OPENER.open(sent, timeout=_SECONDS) as answer:
            return json.loads(answer.read(_LARGEST) or b"null")
    except (OSError, ValueError) as error:
        said = f"HTTP {error.code}" if isinstance(error, urllib.error.HTTPError) else "no answer"
        raise Stop(
            f"{method} {url.partition('?')[0]}: {said}; the plan is comment/plan.md of this job; "
            "see that the token may comment"
        ) from None

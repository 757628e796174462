"""Who may let a deployment run, and of what."""

from cfscim.config.json_types import Json, objects
from cfscim.gitops.shell import Ask, Stop, git, is_ancestor, texts


def origin(path: str) -> Json:
    """The tip of a branch as git's own remote has it, in the form of GitHub's answer."""
    branch = path.rsplit("/heads/", 1)[-1]
    listed = git("ls-remote", "origin", f"refs/heads/{branch}").split()
    return {"object": {"sha": listed[0] if listed else ""}}


def must_be_tip(repository: str, branch: str, commit: str, ask: Ask) -> None:
    """Raises `Stop` when the branch has moved on: a late approval, or a re-run of an older run,
    would put back what was changed since."""
    tip = texts(ask(f"repos/{repository}/git/ref/heads/{branch}"), "object", "sha")
    if tip != commit:
        raise Stop(
            f"{branch} is at {tip[:12] or 'an unknown commit'}, and this run is of {commit[:12]}; "
            "an older commit, or another branch's, would undo what came after it; approve the "
            "newest run instead"
        )


def must_not_go_back(stack: str, before: str) -> None:
    """Raises `Stop` when HEAD is older than what was last deployed; for who has no other word of
    what the tip of the branch is."""
    head = git("rev-parse", "HEAD").strip()
    if before and head != before and is_ancestor(head, before):
        raise Stop(
            f"stack {stack}: {before[:12]} was deployed, and {head[:12]} is older; it would undo "
            "what came after it; take the newest commit, or commit what is to be taken back"
        )


def must_approve(actor: str, approvers: str, repository: str, commit: str, ask: Ask) -> None:
    """For a plan of GitHub without required reviewers, where starting the run by hand is the
    approval. Raises `Stop` unless `actor` is one of `approvers` (logins, by spaces) and did not
    make the change that is deployed."""
    if actor.lower() not in approvers.lower().split():
        raise Stop(
            f"{actor} is not in the variable APPROVERS; starting deploy by hand is the approval; "
            f"ask one of: {approvers or 'nobody, the variable is empty'}"
        )
    details = ask(f"repos/{repository}/commits/{commit}")
    # Of a merge GitHub names who merged; the change is its further parents'.
    parents = objects(details.get("parents") if isinstance(details, dict) else None)[1:]
    merged = [texts(parent, "sha") for parent in parents]
    written = [(commit, details)]
    written += [(sha, ask(f"repos/{repository}/commits/{sha}")) for sha in merged]
    for sha, change in written:
        if texts(change, "author", "login").lower() == actor.lower():
            raise Stop(
                f"{actor} wrote {sha[:12]}, and nobody approves a change of their own; ask another "
                f"of: {approvers}"
            )

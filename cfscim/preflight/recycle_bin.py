"""What of the stack's names is in Entra's recycle bin: the stack's own stops the update.

Source: D, directory-deleteditems; names in the bin are free, for applications and for groups.
"""

from collections.abc import Iterator

from cfscim.config.lanes import lanes
from cfscim.config.names import every_group_name
from cfscim.preflight.answers import Answer, Asked, refused, unknown, wrong
from cfscim.vendors.entra.api import GraphClient
from cfscim.vendors.entra.models import Binned, bare
from cfscim.vendors.entra.recycle_bin import BIN_DAYS, NOT_TOLD, restoring
from cfscim.vendors.errors import AnswerError

_ID = "entra.recycleBin"


def recycle_bin(graph: GraphClient, asked: Asked) -> Iterator[Answer]:
    """One answer for each deleted group or application of a name of ours."""
    ways = [lane.config for lane in lanes(asked.config)]
    entra = [way for way in ways if way.identity_provider.kind == "entra"]
    names = {name for way in entra for name in every_group_name(way)}
    apps = {way.entra.app_name for way in entra}
    try:
        groups = graph.binned_groups(sorted(names))
        applications = [app for name in sorted(apps) for app in graph.binned_applications(name)]
        principal = graph.binned(asked.application) if asked.application else None
    except AnswerError as error:
        if error.kind not in NOT_TOLD:
            yield refused(_ID, error)
            return
        yield unknown(
            _ID,
            "recycle bin",
            "whether a group or application of these names is in it cannot be known "
            "(Group.Read.All and Application.Read.All)",
            "look in the admin center under Groups > Deleted groups and App registrations > "
            "Deleted applications",
        )
        return
    own = {bare(group) for group in asked.groups.values()}
    yield from (_group(graph.base, group, own) for group in groups)
    yield from _applications(graph.base, applications, principal)
    if not groups and not applications and not principal:
        yield Answer(_ID, "nothing of these names is in the recycle bin")


def _group(graph: str, group: Binned, own: set[str]) -> Answer:
    about, since = f'group "{group.display_name}" ({group.id})', group.deleted_date_time or "?"
    if group.id not in own:
        return unknown(
            f"{_ID}.{group.id}",
            about,
            f"it is in the recycle bin since {since}, and not the stack's: whoever restores it "
            "makes a second group of the name",
            f"delete it for good under Groups > Deleted groups, or wait until {BIN_DAYS} days have "
            "passed",
        )
    return wrong(
        f"{_ID}.{group.id}",
        about,
        f"the stack's own group is in the recycle bin since {since}",
        "the update would fail, or make another one without the people who were in it",
        f"restore it: {restoring(graph, [group.id])}; or delete it for good, and run "
        "`cfscim adopt`",
    )


def _applications(
    graph: str, applications: list[Binned], principal: Binned | None
) -> Iterator[Answer]:
    """The stack's own is known by its service principal, of the same application id."""
    for app in applications:
        if principal is None or app.app_id != principal.app_id:
            yield unknown(
                f"{_ID}.{app.id}",
                f'application "{app.display_name}" ({app.id})',
                f"it is in the recycle bin since {app.deleted_date_time or '?'}, and not the "
                "stack's: restored, it would provision with the token that it has saved",
                "delete it for good under App registrations > Deleted applications, or wait until "
                f"{BIN_DAYS} days have passed",
            )
    if principal is not None:
        ids = [app.id for app in applications if app.app_id == principal.app_id]
        yield wrong(
            f"{_ID}.{principal.id}",
            f'application "{principal.display_name}" ({principal.id})',
            "the stack's own application is in the recycle bin since "
            f"{principal.deleted_date_time or '?'}",
            "the update would fail, or make another one that delivers everybody once more",
            f"restore it: {restoring(graph, [*ids, principal.id])}; or delete it for good, and run "
            "`cfscim adopt`",
        )

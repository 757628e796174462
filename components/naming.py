"""Logical resource names: short, stable, and free of anything that a config change could alter."""

from collections.abc import Sequence

import pulumi

from cfscim.config.lanes import NEXT, Lane


def of_way(name: str, lane: Lane, ways: Sequence[Lane]) -> str:
    """The name of a component of one way; only that of a second way has the way's ending."""
    return name if lane is ways[0] else f"{name}{lane.suffix}"


def taken_over(lane: Lane, name: str, part: str = "") -> list[pulumi.Alias]:
    """The aliases of a role's resource: once a move is done, that of the new way is the resource.

    A logical name (`Lane.resource`) holds no account id and no group prefix, so that a changed
    prefix shows as a refused replacement of the same resource and never as a silent delete and
    create; only while two ways stand side by side has the new resource another name. `part`: what
    the name goes on with, as in `okta-group-billing-members`."""
    return [] if lane.is_next else [pulumi.Alias(name=f"{name}{NEXT}{part}")]

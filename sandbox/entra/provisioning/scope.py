"""Who belongs into the target: job scope, assignment and scoping filters, and who leaves it.

Source (D): https://learn.microsoft.com/entra/identity/app-provisioning/how-provisioning-works
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.entra.models import Entity, EntraState, Job
from sandbox.entra.provisioning.filters import in_scope
from sandbox.entra.provisioning.mapping import ObjectMapping, group_attributes, user_attributes


@dataclass(frozen=True)
class Settings:
    """The settings kept beside the credentials."""

    everybody: bool  # SyncAll: all users and groups, not only assigned ones
    skip_leavers: bool  # SkipOutOfScopeDeletions
    threshold: int | None  # accidental deletions prevention

    @classmethod
    def read(cls, secrets: Mapping[str, str]) -> "Settings":
        """Read the stored settings; absent ones have Entra's defaults."""
        notification = json.loads(secrets.get("SyncNotificationSettings", "{}"))
        threshold = None
        if notification.get("DeleteThresholdEnabled") is True:
            threshold = int(notification.get("DeleteThresholdValue") or 0)
        skip = secrets.get("SkipOutOfScopeDeletions", "").lower() in ("true", "1")
        return cls(secrets.get("SyncAll", "").lower() == "true", skip, threshold)


@dataclass
class Plan:
    """What one cycle has to do, before anything is sent."""

    users: list[Entity] = field(default_factory=list)
    groups: list[Entity] = field(default_factory=list)
    outside: list[tuple[str, Entity]] = field(default_factory=list)  # (kind, never to be sent)
    leaving_users: list[str] = field(default_factory=list)
    leaving_groups: list[str] = field(default_factory=list)

    @property
    def removals(self) -> int:
        """How many disables and deletes there are: what the deletion threshold counts."""
        return len(self.leaving_users) + len(self.leaving_groups)


def is_off(state: EntraState, user_id: str) -> bool:
    """Is the user blocked from sign-in, in the recycle bin, or gone?"""
    user = state.users.get(user_id)
    return user is None or user.properties.get("accountEnabled") is False


def make_plan(
    state: EntraState,
    sp_id: str,
    job: Job,
    settings: Settings,
    user_mapping: ObjectMapping | None,
    group_mapping: ObjectMapping | None,
) -> Plan:
    """Sort everybody into: to be sent, outside, and leaving."""
    plan = Plan()
    users, groups = _candidates(state, sp_id, settings)
    for mapping, objects, chosen in (
        (user_mapping, users, plan.users),
        (group_mapping, groups, plan.groups),
    ):
        if mapping is None or not mapping.enabled:
            continue
        for entity in objects:
            if _passes(mapping, entity):
                chosen.append(entity)
            else:
                plan.outside.append((mapping.source, entity))
    _add_leavers(state, job, settings, plan, user_mapping, group_mapping)
    return plan


def _candidates(
    state: EntraState, sp_id: str, settings: Settings
) -> tuple[list[Entity], list[Entity]]:
    if settings.everybody:
        return list(state.users.values()), list(state.groups.values())
    users: dict[str, Entity] = {}
    groups: list[Entity] = []
    for principal_id in state.assigned(sp_id):
        if principal_id in state.users:
            users[principal_id] = state.users[principal_id]
        elif principal_id in state.groups:
            group = state.groups[principal_id]
            groups.append(group)
            # Direct members only: the service cannot read nested groups.
            users.update({m: state.users[m] for m in group.members if m in state.users})
    return list(users.values()), groups


def _passes(mapping: ObjectMapping, entity: Entity) -> bool:
    if entity.kind == "user":
        attributes = user_attributes(entity, soft_deleted=not entity.properties["accountEnabled"])
    else:
        attributes = group_attributes(entity)
    return in_scope(mapping.scope, attributes)


def _add_leavers(
    state: EntraState,
    job: Job,
    settings: Settings,
    plan: Plan,
    user_mapping: ObjectMapping | None,
    group_mapping: ObjectMapping | None,
) -> None:
    staying = {entity.id for entity in (*plan.users, *plan.groups)}
    for source_id, link in job.links.items():
        mapping = user_mapping if link.kind == "User" else group_mapping
        if mapping is None or not mapping.enabled or not link.managed:
            continue
        if link.kind == "Group" and source_id not in staying:
            gone = source_id not in state.groups
            if mapping.allows("Delete") and (gone or not settings.skip_leavers):
                plan.leaving_groups.append(source_id)
        elif (
            link.kind == "User"
            and (source_id not in staying or is_off(state, source_id))
            and _user_leaves(state, settings, mapping, source_id, link.exported)
        ):
            plan.leaving_users.append(source_id)


def _user_leaves(
    state: EntraState,
    settings: Settings,
    mapping: ObjectMapping,
    source_id: str,
    exported: Mapping[str, object],
) -> bool:
    if source_id not in state.users and source_id not in state.deleted:
        return mapping.allows("Delete")  # for good: a DELETE
    if exported.get("active") in ("False", False):
        return False  # is switched off already
    return not settings.skip_leavers and mapping.allows("Update") and mapping.reads("IsSoftDeleted")

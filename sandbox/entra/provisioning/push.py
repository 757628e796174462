"""One cycle's run against the target: users in, users out, groups in, members, groups out.

Source: the order of a cycle D (how-provisioning-works); form and order of its requests otherwise I:
no recording of Entra's SCIM traffic is public.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from pydantic import JsonValue

from sandbox.entra.models import Entity, EntraState, Job, Link
from sandbox.entra.provisioning.log import Outcome
from sandbox.entra.provisioning.mapping import (
    ObjectMapping,
    Values,
    group_attributes,
    new_resource,
    operations,
    user_attributes,
    value_in,
)
from sandbox.entra.provisioning.scope import Plan, is_off
from sandbox.entra.provisioning.target import Target, TargetError

Report = Callable[[Outcome], None]
_DUPLICATE = "DuplicateTargetEntries"
_SKIP = "NotEffectivelyEntitled"


@dataclass
class Push:
    """The exchange with one target; ``report`` gets the outcome for every object touched."""

    state: EntraState
    job: Job
    target: Target
    report: Report
    plan: Plan
    user_mapping: ObjectMapping | None
    group_mapping: ObjectMapping | None
    hold_removals: bool = False
    stopped: TargetError | None = field(default=None, init=False)

    def run(self) -> None:
        """Everything in order; stops early when the endpoint no longer answers."""
        users, groups = self.user_mapping, self.group_mapping
        steps: list[Callable[[], None]] = []
        if users is not None:
            steps += [partial(self._user, users, user) for user in self.plan.users]
            steps += [partial(self._leave_user, users, i) for i in self.plan.leaving_users]
        if groups is not None:
            steps += [partial(self._group, groups, group) for group in self.plan.groups]
            steps += [partial(self._leave_group, i) for i in self.plan.leaving_groups]
        for step in steps:
            step()
            if self.stopped is not None:
                return

    def _user(self, mapping: ObjectMapping, user: Entity) -> None:
        name = user.text("userPrincipalName")
        if is_off(self.state, user.id):
            if user.id not in self.job.links:
                self._skip("User", user.id, name, "The user is not enabled in Microsoft Entra ID.")
            return
        values = mapping.values(user_attributes(user, soft_deleted=False))
        self._place(mapping, "User", user.id, name, values)

    def _group(self, mapping: ObjectMapping, group: Entity) -> None:
        values = mapping.values(group_attributes(group))
        name = group.text("displayName")
        placed = self._place(mapping, "Group", group.id, name, values)
        if placed and mapping.reads("members") and mapping.allows("Update"):
            self._members(group, self.job.links[group.id])

    def _place(
        self, mapping: ObjectMapping, kind: str, source_id: str, name: str, values: Values
    ) -> bool:
        """Create, find or update one object; True when the target has it, current or not."""
        action = "update" if source_id in self.job.links else "create"
        try:
            link = self._matched(mapping, source_id, name, values)
            if link is None and not mapping.allows("Add"):
                self._skip(kind, source_id, name, "Add is not among the target object actions.")
                return False
            if link is None:
                action = "create"
                target_id = self.target.create(f"{kind}s", new_resource(mapping, values))
                link = Link(
                    kind="User" if kind == "User" else "Group", target_id=target_id, name=name
                )
                self._link(source_id, link, name, values)
                self.report(Outcome(kind, source_id, name, action, "success", target_id))
                return True
            # Found is enough to be a member of groups, even if the update below is refused.
            self._link(source_id, link, name, link.exported)
            action = "update"
            changes = operations(link.exported, values, compliant=self.target.compliant)
            if changes and mapping.allows("Update"):
                self.target.patch(f"{kind}s", link.target_id, changes)
                self.report(Outcome(kind, source_id, name, action, "success", link.target_id))
            link.exported = dict(values)
            return True
        except TargetError as error:
            self._failed(kind, source_id, name, action, error)
            return source_id in self.job.links and self.stopped is None

    def _link(self, source_id: str, link: Link, name: str, values: Values) -> None:
        link.exported, link.name, link.managed = dict(values), name, True
        self.job.links[source_id] = link
        self.job.skipped.pop(source_id, None)

    def _matched(
        self, mapping: ObjectMapping, source_id: str, name: str, values: Values
    ) -> Link | None:
        """What the service knows of the object, or finds by the matching attribute."""
        link = self.job.links.get(source_id)
        if link is not None and link.managed and self.job.watermark:
            return link
        attribute = mapping.matching()
        wanted = values.get(attribute) if attribute else None
        if attribute is None or wanted is None:
            message = f"The matching attribute '{attribute}' has no value for '{name}'."
            raise TargetError("MatchingAttributeMissing", message, 0)
        kind = "Group" if mapping.source == "Group" else "User"
        matches = self.target.search(f"{kind}s", attribute, str(wanted))
        if len(matches) > 1:
            message = f"{len(matches)} objects of the target have {attribute} '{wanted}'."
            raise TargetError(_DUPLICATE, message, 200)
        if not matches:
            self.job.links.pop(source_id, None)
            return None
        target_id = str(matches[0].get("id"))
        if link is not None and link.target_id == target_id and link.managed:
            return link
        shown = {path: value_in(matches[0], path) for path in values}
        exported: Values = {path: value for path, value in shown.items() if value is not None}
        return Link(kind=kind, target_id=target_id, name=name, exported=exported)

    def _leave_user(self, mapping: ObjectMapping, user_id: str) -> None:
        link = self.job.links[user_id]
        gone = user_id not in self.state.users and user_id not in self.state.deleted
        action = "delete" if gone else "disable"
        if self.hold_removals:
            self._hold("User", user_id, link)
            return
        try:
            if gone:
                self.target.delete("Users", link.target_id)
                del self.job.links[user_id]
            else:
                self._switch_off(mapping, user_id, link)
        except TargetError as error:
            self._failed("User", user_id, link.name, action, error)
            return
        self.report(Outcome("User", user_id, link.name, action, "success", link.target_id))

    def _switch_off(self, mapping: ObjectMapping, user_id: str, link: Link) -> None:
        """What follows from IsSoftDeleted, mostly ``active`` False; nothing else is sent."""
        user = self.state.users.get(user_id) or self.state.deleted[user_id]
        on = mapping.values(user_attributes(user, soft_deleted=False))
        off = mapping.values(user_attributes(user, soft_deleted=True))
        changed = {path for path in (*on, *off) if on.get(path) != off.get(path)}
        after = {path: value for path, value in link.exported.items() if path not in changed}
        after.update({path: off[path] for path in changed if path in off})
        changes = operations(link.exported, after, compliant=self.target.compliant)
        self.target.patch("Users", link.target_id, changes)
        link.exported = after
        link.managed = user_id not in self.state.users or is_off(self.state, user_id)

    def _leave_group(self, group_id: str) -> None:
        link = self.job.links[group_id]
        if self.hold_removals:
            self._hold("Group", group_id, link)
            return
        try:
            self.target.delete("Groups", link.target_id)
        except TargetError as error:
            self._failed("Group", group_id, link.name, "delete", error)
            return
        del self.job.links[group_id]
        self.report(Outcome("Group", group_id, link.name, "delete", "success", link.target_id))

    def _members(self, group: Entity, link: Link) -> None:
        """Bring the members up to date; only users the target knows can be members."""
        wanted = [member for member in group.members if self._is_there(member)]
        added = [member for member in wanted if member not in link.members]
        removed = [m for m in link.members if m not in group.members and self._is_there(m)]
        try:
            if added:
                self.target.patch("Groups", link.target_id, [self._add(added)])
                link.members = [*link.members, *added]
            if removed:
                self.target.patch("Groups", link.target_id, self._remove(removed))
            link.members = [member for member in link.members if member in wanted]
        except TargetError as error:
            self._failed("Group", group.id, link.name, "update", error)
            return
        if added or removed:
            done = Outcome("Group", group.id, link.name, "update", "success", link.target_id)
            self.report(done)

    def _is_there(self, user_id: str) -> bool:
        link = self.job.links.get(user_id)
        return (
            link is not None
            and link.kind == "User"
            and link.managed
            and link.exported.get("active") not in ("False", False)
        )

    def _add(self, members: list[str]) -> JsonValue:
        values: list[JsonValue] = [self._member(member) for member in members]
        op = "add" if self.target.compliant else "Add"
        return {"op": op, "path": "members", "value": values}

    def _remove(self, members: list[str]) -> list[JsonValue]:
        if not self.target.compliant:
            values: list[JsonValue] = [self._member(member) for member in members]
            return [{"op": "Remove", "path": "members", "value": values}]
        ids = (self.job.links[member].target_id for member in members)
        return [{"op": "remove", "path": f'members[value eq "{target_id}"]'} for target_id in ids]

    def _member(self, user_id: str) -> JsonValue:
        target_id = self.job.links[user_id].target_id
        if self.target.compliant:
            return {"value": target_id}
        return {"$ref": None, "value": target_id}

    def _hold(self, kind: str, source_id: str, link: Link) -> None:
        reason = "Held back: the number of deletions is above the threshold."
        self.report(
            Outcome(
                kind,
                source_id,
                link.name,
                "stagedDelete",
                "skipped",
                link.target_id,
                "TooManyDeletes",
                reason,
            )
        )

    def _skip(self, kind: str, source_id: str, name: str, reason: str) -> None:
        """Report once, not in every cycle."""
        if self.job.skipped.get(source_id) != reason:
            self.job.skipped[source_id] = reason
            outcome = Outcome(kind, source_id, name, "other", "skipped", "", _SKIP, reason)
            self.report(outcome)

    def _failed(
        self, kind: str, source_id: str, name: str, action: str, error: TargetError
    ) -> None:
        link = self.job.links.get(source_id)
        target_id = link.target_id if link else ""
        if error.status == 404 and link is not None:
            del self.job.links[source_id]  # the target lost it: look for it again
        self.report(
            Outcome(kind, source_id, name, action, "failure", target_id, error.code, error.message)
        )
        if error.hopeless:
            self.stopped = error

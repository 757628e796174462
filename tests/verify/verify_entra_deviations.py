"""Everything that can differ in Entra, generated role by role from the list of checks."""

from collections.abc import Callable, Iterator
from functools import partial

from pydantic import JsonValue

from cfscim.config.roles import ROLES
from cfscim.vendors.entra.job_schema import (
    Clause,
    ScopedGroup,
    Scopes,
    SourceObject,
    object_mapping,
)
from sandbox.entra.api.directory import forget
from sandbox.entra.models import Assignment, Entity, Job, Quarantine, Synchronization
from sandbox.entra.provisioning.log import Outcome, record
from sandbox.server.world import World
from tests.verify.verify_base import (
    ENTRA,
    ENTRA_FILTER,
    Combination,
    Deviation,
    InDirectory,
    deviation,
)

USERS = "Cloudflare Users"


def principal(world: World) -> Entity:
    """The enterprise application."""
    return next(
        one
        for one in world.entra.service_principals.values()
        if one.text("displayName") == "Cloudflare SCIM"
    )


def sync(world: World) -> Synchronization:
    """Its provisioning."""
    return world.entra.synchronization[principal(world).id]


def job(world: World) -> Job:
    """Its job."""
    [found] = sync(world).jobs.values()
    return found


def group(world: World, name: str) -> Entity:
    """A group by its name."""
    return next(g for g in world.entra.groups.values() if g.text("displayName") == name)


def user(world: World, name: str) -> Entity:
    """A person."""
    return next(
        u for u in world.entra.users.values() if u.text("userPrincipalName").startswith(name)
    )


def secret(key: str, value: str) -> Callable[[World], None]:
    """Another saved setting."""
    return lambda world: sync(world).secrets.__setitem__(key, value)


def execution(**changes: JsonValue) -> Callable[[World], None]:
    """Another last cycle."""

    def change(world: World) -> None:
        job(world).last_execution = {**(job(world).last_execution or {}), **changes}

    return change


def mapped_from(kind: SourceObject, target: str, expression: str) -> Callable[[World], None]:
    """An attribute comes from something else; from nothing where `expression` is empty."""

    def change(world: World) -> None:
        flows = object_mapping(job(world).document, kind)["attributeMappings"]
        assert isinstance(flows, list)
        [flow] = [f for f in flows if isinstance(f, dict) and f["targetAttributeName"] == target]
        if expression:
            flow["source"] = {"expression": expression, "name": "other", "type": "Attribute"}
        else:
            flows.remove(flow)

    return change


def mapped(source: str, key: str, value: JsonValue) -> Callable[[World], None]:
    """Another setting of the Group or the User mapping."""

    def change(world: World) -> None:
        object_mapping(job(world).document, source)[key] = value  # type: ignore[index,arg-type]

    return change


def filtered(*names: str) -> Callable[[World], None]:
    """Another filter on groups."""

    def change(world: World) -> None:
        groups = [ScopedGroup(_id_of(world, name), name) for name in names]
        scope = Scopes.of(groups, ()).group if groups else None
        mapped("Group", "scope", scope)(world)

    return change


def _id_of(world: World, name: str) -> str:
    """The id of the group of this name in any case, or another one."""
    for one in world.entra.groups.values():
        if one.text("displayName").lower() == name.lower():
            return one.id
    return "11111111-1111-1111-1111-111111111111"


def by_name_alone(world: World) -> None:
    """The filter as it was before ids were part of it."""
    groups: list[JsonValue] = []
    for role in ROLES:
        clauses: list[JsonValue] = [
            {
                "operatorName": "EQUALS",
                "sourceOperandName": "displayName",
                "targetOperand": {"values": [role.value]},
            }
        ]
        groups.append({"name": role.value, "clauses": clauses})
    scope: JsonValue = {"groups": groups, "inputFilterGroups": [], "categoryFilterGroups": []}
    mapped("Group", "scope", scope)(world)


def job_deviations(stack: Combination) -> Iterator[Deviation]:
    """The application, its job, credentials, scope, filter and mapping, one by one."""
    deviates = partial(deviation, stack)
    four = tuple(role.value for role in ROLES)
    unused = [ScopedGroup("x", "x")]
    clause = Scopes.of(unused, [Clause("department", "EQUALS", "IT")]).user
    # Without a job nothing about it can be asked; that it is gone is one line.
    for name, fails, words, change in (
        ("app renamed", "app", "Other", lambda w: _put(principal(w), "displayName", "Other")),
        ("app disabled", "app", "disabled", lambda w: _put(principal(w), "accountEnabled", False)),
        ("job deleted", "job.exists", "no such job", lambda w: sync(w).jobs.clear()),
        ("paused", "job.state", "Paused", lambda w: setattr(job(w), "schedule", "Paused")),
        ("stopped", "job.state", "Disabled", lambda w: setattr(job(w), "schedule", "Disabled")),
        ("quarantine", "job.quarantine", "TooManyDeletes, above threshold", _quarantined),
        ("quarantine without a reason", "job.quarantine", "quarantine, since 2026", _set_apart),
        ("no cycle", "job.lastCycle", "no cycle, although one is due", _never_ran),
        ("failed cycle", "job.lastCycle", "Failed", execution(state="Failed")),
        ("scope", "scope", "all users and groups", secret("SyncAll", "true")),
        (
            "mail",
            "notifications",
            "mail to it@example.com",
            secret("SyncNotificationSettings", '{"Enabled": true, "Recipients": "it@example.com"}'),
        ),
        (
            "threshold",
            "notifications",
            "at most 5 deletions",
            secret(
                "SyncNotificationSettings",
                '{"DeleteThresholdEnabled": true, "DeleteThresholdValue": 5}',
            ),
        ),
        ("no group filter", "filter.groups", "no filter", filtered()),
        (
            "fewer groups",
            "filter.groups",
            'without "Billing"',
            filtered(*(one for one in four if one != "Billing")),
        ),
        ("more groups", "filter.groups", 'also "Everybody"', filtered(*four, "Everybody")),
        (
            "lower case",
            "filter.groups",
            'also "billing"',
            filtered(*(one.replace("Bill", "bill") for one in four)),
        ),
        ("filter by name alone", "filter.groups", '"Billing" (by name alone)', by_name_alone),
        (
            "further key",
            "savedKeys",
            "SkipOutOfScopeDeletions (who leaves the scope keeps",
            secret("SkipOutOfScopeDeletions", "true"),
        ),
        ("user filter", "filter.users", "department", mapped("User", "scope", clause)),
        (
            "group mapping off",
            "mapping.enabled",
            "Group mapping",
            mapped("Group", "enabled", False),
        ),
        (
            "no deletions",
            "mapping.enabled",
            "Delete of Group objects",
            mapped("Group", "flowTypes", "Add, Update"),
        ),
        ("active", "mapping.active", "accountEnabled", _active_by_account),
        (
            "members not sent",
            "mapping.sent",
            "members of Group objects from nothing",
            mapped_from("Group", "members", ""),
        ),
        (
            "another user name",
            "mapping.sent",
            "userName of User objects from [otherMails]",
            mapped_from("User", "userName", "[otherMails]"),
        ),
        (
            "another address",
            "mapping.sent",
            "from [otherMails]",
            mapped_from("User", 'emails[type eq "work"].value', "[otherMails]"),
        ),
        (
            "another name of groups",
            "mapping.sent",
            "displayName of Group objects from [mailNickname]",
            mapped_from("Group", "displayName", "[mailNickname]"),
        ),
    ):
        yield deviates(name, f"entra.{fails}", words, change)
    yield deviates("tenant URL", "entra.tenantUrl", "fffff", _elsewhere, also="entra.credentials")
    yield deviates(
        "no token",
        "entra.token",
        "none is saved",
        lambda w: sync(w).secrets.pop("SecretToken"),
        also="entra.credentials",
    )
    yield deviates(
        "wrong token", "entra.credentials", "validateCredentials", secret("SecretToken", "wrong")
    )


def group_deviations(stack: Combination) -> Iterator[Deviation]:
    """Each role's group, its members and its assignment."""
    deviates = partial(deviation, stack)
    for role in ROLES:
        name, short = role.value, role.slug
        yield from _DIRECTORY.deviations(stack, role)
        yield deviates(
            f"{short} not assigned",
            "entra.assignments",
            f'"{name}" is not assigned',
            lambda w, n=name: _unassign(w, n),
        )


def people_deviations(stack: Combination) -> Iterator[Deviation]:
    """The users' group, one more assignment, and single people."""
    deviates = partial(deviation, stack)
    yield deviates(
        "users' group renamed",
        "entra.group.users",
        "no such group",
        lambda w: _put(group(w, USERS), "displayName", "Others"),
    )
    yield deviates(
        "users' group not for security",
        "entra.group.users",
        "not security-enabled",
        lambda w: _put(group(w, USERS), "securityEnabled", False),
    )
    yield deviates(
        "users' group deleted for good",
        "entra.group.users",
        "no such group",
        lambda w: forget(w.entra, group(w, USERS), keep=False),
    )
    yield deviates(
        "not in the users' group",
        "entra.members.users",
        "ada@example.com",
        lambda w: group(w, USERS).members.remove(user(w, "ada").id),
    )
    yield deviates(
        "not for security",
        "entra.group.billing",
        "not security-enabled",
        lambda w: _put(group(w, "Billing"), "securityEnabled", False),
    )
    yield deviates(
        "managed group holds a person more",
        "cloudflare.members.billing",
        "ada@example.com is missing",
        lambda w: _DIRECTORY.join(w, "Billing", "ada"),
    )
    yield deviates("one more assigned", "entra.assignments", "also", _assign_person)
    yield deviates(
        "a twin assigned",
        "entra.assignments",
        f'also "Billing" ({"d" * 8}',
        _assign_twin,
        also="entra.groups.twins",
    )
    yield deviates(
        "user name",
        "entra.people.userName",
        "Edsger@example.com has user principal name edsger@example.com",
        lambda w: _put(user(w, "edsger"), "mail", "Edsger@example.com"),
    )
    yield deviates(
        "error of a person",
        "entra.people.errors",
        "ada@example.com (Refused: by the target)",
        lambda w: _failed(w, "User", user(w, "ada")),
    )
    yield deviates(
        "error of a group",
        "entra.groups.errors",
        "Billing (Refused",
        lambda w: _failed(w, "Group", group(w, "Billing")),
    )
    yield deviates(
        "disabled",
        "cloudflare.members.administrator",
        "ada@example.com is missing (disabled in Entra)",
        lambda w: _put(user(w, "ada"), "accountEnabled", False),
        cycle=True,
    )
    yield deviates(
        "managed in Entra, not yet a cycle",
        "cloudflare.members.billing",
        "edsger@example.com is missing (likely not yet a cycle",
        lambda w: _DIRECTORY.join(w, "Billing", "edsger"),
    )
    yield deviates(
        "UPN is not mail",
        "cloudflare.members.billing",
        "new.person@example.com is missing (",
        _misnamed,
        cycle=True,
        also="entra.people.userName entra.people.errors",
    )
    yield deviates(
        "deleted",
        "entra.members.administrator",
        "ada@example.com is missing (nobody in Entra",
        _delete,
        cycle=True,
        also="entra.members.users",
    )

    yield deviates("a twin", "entra.groups.twins", '"billing" (', _twin)
    yield deviates(
        "a group in the users' group",
        "entra.members.users",
        "Nested within it",
        lambda w: _nest(w, USERS),
    )
    yield deviates(
        "a group deleted",
        "entra.group.billing",
        "is in the recycle bin",
        _bin,
        also="entra.assignments",
    )
    yield deviates(
        "a group deleted for good",
        "entra.group.billing",
        "there is no group",
        lambda w: forget(w.entra, group(w, "Billing"), keep=False),
        also="entra.assignments",
    )
    yield deviates(
        "a group in a role's group",
        "entra.members.billing",
        "Nested within it",
        lambda w: _nest(w, "Billing"),
    )
    yield deviates(
        "a group in a group in a role's group",
        "entra.members.billing",
        "so not edsger@example.com",
        _nest_twice,
    )
    yield deviates(
        "an application in a role's group",
        "entra.members.billing",
        "Cloudflare SCIM within it",
        lambda w: group(w, "Billing").members.append(principal(w).id),
    )
    yield deviates(
        "two groups of one name deleted",
        "entra.group.billing",
        "is in the recycle bin",
        _bin_two,
        also="entra.assignments",
    )
    yield deviates(
        "the app deleted for good",
        "entra.app",
        "no such application",
        lambda w: _delete_app(w, keep=False),
    )
    yield deviates(
        "the app deleted", "entra.app", "is in the recycle bin", lambda w: _delete_app(w, keep=True)
    )
    yield deviates(
        "the service principal alone deleted",
        "entra.app",
        "is in the recycle bin",
        lambda w: forget(w.entra, principal(w), keep=True),
    )
    yield deviates(
        "users' group deleted",
        "entra.group.users",
        "is in the recycle bin",
        lambda w: forget(w.entra, group(w, USERS), keep=True),
    )
    yield deviates(
        "no mail",
        "entra.people.userName",
        "ada@example.com, without mail,",
        lambda w: _put(user(w, "ada"), "mail", None),
    )


def _delete_app(world: World, *, keep: bool) -> None:
    name = principal(world).text("displayName")
    every = world.entra.applications.values()
    application = next(one for one in every if one.text("displayName") == name)
    for one in (principal(world), application):
        forget(world.entra, one, keep=keep)


def _put(entity: Entity, name: str, value: JsonValue) -> None:
    entity.properties[name] = value


def _never_ran(world: World) -> None:
    job(world).last_execution = None
    world.entra.audit.clear()  # it goes back no further than a day
    for group in world.entra.groups.values():
        group.properties["createdDateTime"] = "2026-01-01T00:00:00Z"
    for assignment in world.entra.assignments.values():
        assignment.created = "2026-01-01T00:00:00Z"


def _twin(world: World) -> None:
    world.entra.add("group", {**_properties(group(world, "Billing")), "displayName": "billing"})


def _nest(world: World, name: str) -> None:
    nested = {**_properties(group(world, "Billing")), "displayName": "Nested"}
    group(world, name).members.append(world.entra.add("group", nested).id)


def _nest_twice(world: World) -> None:
    _nest(world, "Billing")
    deep = {**_properties(group(world, "Billing")), "displayName": "Deep"}
    inner = world.entra.add("group", deep)
    inner.members.append(user(world, "edsger").id)
    group(world, "Nested").members.append(inner.id)


def _bin_two(world: World) -> None:
    other = world.entra.add("group", _properties(group(world, "Billing")))
    forget(world.entra, other, keep=True)
    _bin(world)


def _properties(entity: Entity) -> dict[str, JsonValue]:
    return {name: value for name, value in entity.properties.items() if name != "id"}


def _bin(world: World) -> None:
    forget(world.entra, group(world, "Billing"), keep=True)


def _quarantined(world: World) -> None:
    job(world).quarantine = Quarantine(
        reason="TooManyDeletes",
        code="above threshold",
        message="stopped",
        began="2026-01-01T00:00:00Z",
    )


def _set_apart(world: World) -> None:
    job(world).quarantine = Quarantine(reason="", code="", message="", began="2026-01-01T00:00:00Z")


def _active_by_account(world: World) -> None:
    flows = object_mapping(job(world).document, "User")["attributeMappings"]
    assert isinstance(flows, list)
    [flow] = [f for f in flows if isinstance(f, dict) and f["targetAttributeName"] == "active"]
    expression = 'Switch([accountEnabled], , "False", "True")'
    flow["source"] = {"expression": expression, "name": "Switch", "type": "Function"}


def _elsewhere(world: World) -> None:
    kept = sync(world).secrets
    kept["BaseAddress"] = kept["BaseAddress"].replace("0123456789abcdef" * 2, "f" * 32)


_DIRECTORY = InDirectory(group, user, lambda one, name: _put(one, "displayName", name))


def _unassign(world: World, name: str) -> None:
    id_ = group(world, name).id
    kept = world.entra.assignments
    world.entra.assignments = {k: one for k, one in kept.items() if one.principal_id != id_}


def _assign_person(world: World) -> None:
    one = next(a for a in world.entra.assignments.values() if a.resource_id == principal(world).id)
    extra = Assignment(**{**one.model_dump(), "id": "x", "principal_id": user(world, "alan").id})
    world.entra.assignments["x"] = extra


def _assign_twin(world: World) -> None:
    """A second group of a role's very name, which only its id tells from it."""
    one = next(a for a in world.entra.assignments.values() if a.resource_id == principal(world).id)
    key = "d" * 8 + group(world, "Billing").id[8:]
    twin = Entity(
        id=key, kind="group", properties={**group(world, "Billing").properties, "id": key}
    )
    world.entra.groups[key] = twin
    world.entra.assignments["x"] = Assignment(
        **{**one.model_dump(), "id": "x", "principal_id": key}
    )


def _failed(world: World, kind: str, about: Entity) -> None:
    name = about.text("userPrincipalName") or about.text("displayName")
    outcome = Outcome(kind, about.id, name, "update", "failure", "", "Refused", "by the target")
    # Not in the same second as the cycle that puts it right.
    execution(timeBegan="2026-01-01T00:00:00Z")(world)
    entry = record(world.entra, principal(world).id, job(world), "cycle", outcome)
    entry["activityDateTime"] = "2026-01-01T00:00:01Z"


def _misnamed(world: World) -> None:
    kept = user(world, "edsger").properties
    changed = {"mail": "new.person@example.com", "userPrincipalName": "new@example.com"}
    person = world.entra.add("user", {k: v for k, v in kept.items() if k != "id"} | changed)
    group(world, "Billing").members.append(person.id)


def _delete(world: World) -> None:
    gone = user(world, "ada").id
    world.entra.deleted[gone] = world.entra.users.pop(gone)
    for one in world.entra.groups.values():
        one.members = [member for member in one.members if member != gone]


def filter_deviations(stack: Combination) -> Iterator[Deviation]:
    """With `userFilter`."""
    deviates = partial(deviation, stack)
    yield deviates("user filter gone", "entra.filter.users", "none", mapped("User", "scope", None))
    yield deviates(
        "does not meet the filter",
        "cloudflare.members.administrator",
        "ada@example.com is missing (does not meet userFilter",
        lambda w: _put(user(w, "ada"), "department", "Sales"),
        cycle=True,
    )


ENTRA_DEVIATIONS: list[Deviation] = [
    *job_deviations(ENTRA),
    *group_deviations(ENTRA),
    *people_deviations(ENTRA),
    *filter_deviations(ENTRA_FILTER),
]

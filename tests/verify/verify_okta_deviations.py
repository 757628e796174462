"""Everything that can differ in Okta, generated role by role from the list of checks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from cfscim.config.okta_switches import by_api, listed
from cfscim.config.roles import ROLES, Role
from sandbox.okta.api import log
from sandbox.okta.catalog import CATALOG
from sandbox.okta.models import App, AppUser, Group, GroupAssignment, Mapping, User
from sandbox.okta.provisioning.assignment import refresh
from sandbox.okta.provisioning.console import configure
from sandbox.server.world import World
from tests.verify.verify_base import OKTA, OKTA_API, Combination, Deviation, InDirectory, deviation

_ON = [f"okta.features.{shown.name}" for shown in listed() if shown.on]
LONG_AGO = "2026-01-01T00:00:00.000Z"


def app(world: World) -> App:
    """The stack's app."""
    [found] = world.okta.apps.values()
    return found


def group(world: World, name: str) -> Group:
    """Okta's own group of a name."""
    return next(g for g in world.okta.groups.values() if g.name == name and g.type == "OKTA_GROUP")


def user(world: World, name: str) -> User:
    """A person."""
    return next(u for u in world.okta.users.values() if u.email == f"{name}@example.com")


def app_user(world: World, name: str) -> AppUser:
    """A person's assignment."""
    return app(world).users[user(world, name).id]


def mapping(world: World, role: Role) -> Mapping:
    """The push of a role's group."""
    source = group(world, role.value).id
    return next(m for m in app(world).mappings if m.source_group_id == source)


def setter(name: str, value: object) -> Callable[[World], None]:
    """Changes one field of the app."""
    return lambda world: setattr(app(world), name, value)


def switch(name: str, value: object) -> Callable[[World], None]:
    """Changes one provisioning setting."""
    return lambda world: setattr(app(world).provisioning, name, value)


def _ticked(box: str, on: bool) -> Callable[[World], None]:
    """Ticks or clears one box on the app's page."""

    def change(world: World) -> None:
        with world.locked("okta"):
            configure(world, app(world).id, {"boxes": {box: on}})

    return change


def _twin(world: World) -> None:
    twin = app(world).model_copy(deep=True, update={"id": f"0oa9{'0' * 16}"})
    world.okta.apps[twin.id] = twin.model_copy(update={"users": {}, "mappings": []})


def app_deviations(stack: Combination) -> Iterator[Deviation]:
    """The app and its settings, one by one."""
    deviates = partial(deviation, stack)
    for name, fails, words, change in (
        ("inactive", "app.active", "INACTIVE", setter("status", "INACTIVE")),
        ("deleted", "app.active", "no such app", lambda w: w.okta.apps.clear()),
        ("twin", "app.only", "0oa9", _twin),
        ("label", "app.label", "Other", setter("label", "Other")),
        ("icon", "app.iconWeb", "shown", setter("hide_web", False)),
        ("mobile icon", "app.iconMobile", "shown", setter("hide_ios", False)),
        ("log-in", "app.autoLogin", "on", setter("auto_submit_toolbar", True)),
        (
            "format",
            "app.userName",
            "login",
            setter("user_name_template", {"template": "${source.login}", "type": "BUILT_IN"}),
        ),
        *(
            (
                box.title,
                f"features.{box.name}",
                "off" if box.on else "on",
                _ticked(box.name, not box.on),
            )
            for box in listed()
            if box.page
        ),
    ):
        yield deviates(name, f"okta.{fails}", words, change)
    yield deviates(
        "catalogue",
        "okta.app.catalog",
        "scim2testapp",
        lambda _w: None,
        config=("identityProvider.catalogApp", "scim2headerauth"),
    )
    yield deviates(
        "integration off",
        "okta.features.GROUP_PUSH",
        "off",
        switch("enabled", False),
        also=" ".join(check for check in _ON if not check.endswith("GROUP_PUSH")),
    )
    yield deviates("connection off", "okta.connection", "DISABLED", _shown_off, also=" ".join(_ON))


def _unsupported(_world: World) -> None:
    """Okta's API no longer covers the app."""
    known = CATALOG["zscalerbyz"]
    CATALOG["zscalerbyz"] = replace(known, takes_connection=False, takes_base_url=False)


def _shown_off(world: World) -> None:
    """Okta shows this app's connection, and it is off."""
    CATALOG["scim2testapp"] = replace(CATALOG["scim2testapp"], takes_connection=True)
    app(world).provisioning.enabled = False


def api_deviations(stack: Combination) -> Iterator[Deviation]:
    """`apiIntegration: api`: the connection and the features by Okta's API."""
    deviates = partial(deviation, stack)
    yield deviates("UNKNOWN", "okta.connection", "UNKNOWN", _unsupported, also="okta.featuresApi")
    yield deviates(
        "base URL",
        "okta.connection",
        "https://elsewhere.example",
        switch("base_url", "https://elsewhere.example"),
    )
    yield deviates(
        "disabled",
        "okta.connection",
        "DISABLED",
        switch("enabled", False),
        also=" ".join([*_ON, "okta.featuresApi"]),
    )
    for box in by_api():
        yield deviates(
            f"api {box.title}",
            "okta.featuresApi",
            f"{box.title} is {replace(box, on=not box.on).status}",
            _ticked(box.name, not box.on),
            also=f"okta.features.{box.name}",
        )


def group_deviations(stack: Combination) -> Iterator[Deviation]:
    """Each role's group, its members and its push."""
    deviates = partial(deviation, stack)
    for role in ROLES:
        short = role.slug
        yield from _DIRECTORY.deviations(stack, role)
        push, last = f"okta.push.{short}", f"okta.push.last.{short}"
        yield deviates(
            f"{short} not pushed",
            push,
            "is gone",
            lambda w, r=role: app(w).mappings.remove(mapping(w, r)),
        )
        if role is Role.BILLING:
            yield deviates(
                "push made by hand",
                push,
                "gPmMadeByHand0000000 was made by hand",
                lambda w, r=role: _made_anew(w, r),
            )
            yield deviates(
                "push off",
                push,
                "INACTIVE",
                lambda w, r=role: setattr(mapping(w, r), "status", "INACTIVE"),
            )
            yield deviates("push error", push, "refused by target", lambda w, r=role: _failed(w, r))
        yield deviates(
            f"{short} target renamed",
            f"okta.push.target.{short}",
            "other",
            lambda w, r=role: _rename_target(w, r),
        )
        empty = role is Role.ADMINISTRATOR_READ_ONLY
        yield deviates(
            f"{short} never pushed",
            last,
            "never, although it is due",
            lambda w, r=role: _never_pushed(w, r),
            also=f"cloudflare.members.{short}" if empty else "",
        )


def people_deviations(stack: Combination) -> Iterator[Deviation]:
    """The users' group, the assignment, and single people."""
    deviates = partial(deviation, stack)
    users = "Cloudflare Users"
    yield deviates(
        "users' group renamed",
        "okta.group.users",
        "no such group",
        lambda w: setattr(group(w, users), "name", "Others"),
    )
    yield deviates(
        "users' group deleted for good",
        "okta.group.users",
        "no such group",
        _delete_users,
        also="cloudflare.people",
    )
    yield deviates(
        "not in the users' group",
        "okta.members.users",
        "ada@example.com",
        lambda w: group(w, users).members.remove(user(w, "ada").id),
    )
    yield deviates(
        "left the users' group",
        "okta.members.users",
        "ada@example.com",
        _leave_users,
        cycle=True,
        also="cloudflare.members.administrator",
    )
    yield deviates(
        "a group deleted",
        "okta.group.billing",
        "there is no group",
        _delete_group,
        also="okta.push.billing cloudflare.group.billing",
    )
    yield deviates(
        "a group deleted, its target left",
        "okta.group.billing",
        "has its name",
        _delete_source,
        also="okta.push.billing",
    )
    yield deviates(
        "a group deleted, and made by hand",
        "okta.group.billing",
        "00gMadeByHand0000000 has its name",
        _source_made_anew,
        also="okta.push.billing",
    )
    yield deviates(
        "no target",
        "okta.push.target.billing",
        "no target group",
        lambda w: setattr(mapping(w, Role.BILLING), "target_group_id", ""),
    )
    yield deviates(
        "assignment gone", "okta.assignment", "is not assigned", lambda w: app(w).groups.clear()
    )
    yield deviates(
        "one more group assigned", "okta.assignment", 'also group "Billing"', _assign_billing
    )
    yield deviates(
        "assigned directly",
        "okta.assignment",
        "edsger@example.com directly",
        lambda w: setattr(app_user(w, "edsger"), "scope", "USER"),
    )
    yield deviates("one more push", "okta.push.others", users, _push_users)
    yield deviates(
        "a stranger's group assigned", "okta.assignment", 'also group "Ops" (00g', _assign_ops
    )
    yield deviates("a stranger's push", "okta.push.others", '"Ops" (00g', _push_ops)
    yield deviates(
        "user name",
        "okta.people.userName",
        "ada@example.com is ada",
        lambda w: setattr(app_user(w, "ada"), "user_name", "ada"),
    )
    yield deviates(
        "two accounts of one address",
        "okta.people.double",
        "ada@example.com is the address of ada@example.com, ada.2@example.com",
        _double,
    )
    yield deviates(
        "assigned too early",
        "okta.people.early",
        "ada@example.com",
        lambda w: _assigned_early(w, "ada"),
    )
    yield deviates(
        "suspended and still there",
        "cloudflare.members.administrator",
        "suspended in Okta",
        lambda w: setattr(user(w, "ada"), "status", "SUSPENDED"),
    )
    yield deviates(
        "error of a person",
        "okta.people.errors",
        "ada@example.com",
        lambda w: setattr(app_user(w, "ada"), "error", "refused"),
    )
    yield deviates(
        "deactivated",
        "okta.members.administrator",
        "ada@example.com is missing (deactivated in Okta)",
        _deactivate,
        cycle=True,
        also="okta.members.users",
    )
    yield deviates(
        "deleted",
        "okta.members.administrator",
        "ada@example.com is missing (nobody in Okta",
        _delete,
        cycle=True,
        also="okta.members.users",
    )
    yield deviates(
        "managed in Okta, not yet a cycle",
        "cloudflare.members.billing",
        "edsger@example.com is missing (likely not yet a cycle",
        lambda w: _DIRECTORY.join(w, "Billing", "edsger"),
    )
    yield deviates(
        "in a role group, not assigned",
        "cloudflare.members.billing",
        "(not assigned to the app: not in group",
        _join_unassigned,
        cycle=True,
    )


def _delete_group(world: World) -> None:
    """Unlinked first, its target with it: Okta deletes no group that is pushed."""
    pushed = mapping(world, Role.BILLING)
    app(world).mappings.remove(pushed)
    for id_ in (pushed.source_group_id, pushed.target_group_id):
        del world.okta.groups[id_]
    groups = next(iter(world.cloudflare.accounts.values())).user_groups
    del groups[next(one.id for one in groups.values() if one.name == Role.BILLING.value)]


def _delete_source(world: World) -> None:
    """Unlinked first, and the target left: an app's group of the name stays in Okta."""
    pushed = mapping(world, Role.BILLING)
    app(world).mappings.remove(pushed)
    del world.okta.groups[pushed.source_group_id]


def _source_made_anew(world: World) -> None:
    pushed = mapping(world, Role.BILLING)
    app(world).mappings.remove(pushed)
    del world.okta.groups[pushed.target_group_id]
    made = world.okta.groups.pop(pushed.source_group_id)
    world.okta.groups["00gMadeByHand0000000"] = made.model_copy(
        update={"id": "00gMadeByHand0000000"}
    )


def _delete_users(world: World) -> None:
    gone = group(world, "Cloudflare Users")
    app(world).groups = [one for one in app(world).groups if one.group_id != gone.id]
    del world.okta.groups[gone.id]
    refresh(world.okta)


def _assigned_early(world: World, name: str) -> None:
    assigned = app_user(world, name)
    assigned.missed, assigned.external_id, assigned.last_sync = True, None, None


def _made_anew(world: World, role: Role) -> None:
    mapping(world, role).id = "gPmMadeByHand0000000"


_DIRECTORY = InDirectory(group, user, lambda one, name: setattr(one, "name", name))


def _never_pushed(world: World, role: Role) -> None:
    mapping(world, role).last_push = None
    mapping(world, role).created = group(world, role.value).last_membership_updated = LONG_AGO
    if role is Role.ADMINISTRATOR_READ_ONLY:  # with nobody in it there would be nothing to push
        _DIRECTORY.join(world, role.value, "edsger")
        app(world).users[user(world, "edsger").id].created = LONG_AGO


def _double(world: World) -> None:
    """The second account of an address is in the role's group in the place of the first."""
    other = world.okta.add_user("ada.2@example.com", "ada@example.com", "Ada", "Second")
    members = group(world, "Administrator").members
    members[members.index(user(world, "ada").id)] = other.id


def _failed(world: World, role: Role) -> None:
    mapping(world, role).status = "ERROR"
    targets = group(world, role.value), app(world)
    event = "application.provision.group_push.push"
    log.write(world.okta, event, "Push group", *targets, failure="refused by target")


def _rename_target(world: World, role: Role) -> None:
    world.okta.groups[mapping(world, role).target_group_id].name = "other"


def _leave_users(world: World) -> None:
    group(world, "Cloudflare Users").members.remove(user(world, "ada").id)
    refresh(world.okta)


def _assign_billing(world: World) -> None:
    id_ = group(world, "Billing").id
    app(world).groups.append(GroupAssignment(group_id=id_, priority=1, last_updated="now"))


def _assign_ops(world: World) -> None:
    id_ = world.okta.add_group("Ops", None).id
    app(world).groups.append(GroupAssignment(group_id=id_, priority=1, last_updated="now"))


def _push_ops(world: World) -> None:
    source, own = (
        world.okta.add_group("Ops", None, kind=kind, app_id=id_)
        for kind, id_ in (("OKTA_GROUP", None), ("APP_GROUP", app(world).id))
    )
    changed = {"id": "gPm8", "source_group_id": source.id, "target_group_id": own.id}
    kept = mapping(world, Role.BILLING)
    app(world).mappings.append(kept.model_copy(update=changed))


def _push_users(world: World) -> None:
    kept = mapping(world, Role.BILLING)
    own = world.okta.add_group("Cloudflare Users", None, kind="APP_GROUP", app_id=app(world).id)
    changed = {
        "id": "gPm9",
        "source_group_id": group(world, "Cloudflare Users").id,
        "target_group_id": own.id,
    }
    app(world).mappings.append(kept.model_copy(update=changed))


def _deactivate(world: World) -> None:
    user(world, "ada").status = "DEPROVISIONED"
    refresh(world.okta)


def _delete(world: World) -> None:
    gone = user(world, "ada").id
    for one in world.okta.groups.values():
        one.members = [member for member in one.members if member != gone]
    refresh(world.okta)
    del world.okta.users[gone]


def _join_unassigned(world: World) -> None:
    person = world.okta.add_user("new@example.com", "new@example.com", "New", "Person")
    group(world, "Billing").members.append(person.id)


OKTA_DEVIATIONS: list[Deviation] = [
    *app_deviations(OKTA),
    *api_deviations(OKTA_API),
    *group_deviations(OKTA),
    *people_deviations(OKTA),
]

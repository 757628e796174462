"""Carries advice out on the sandbox, as a person, a command or a cycle would: one executor a kind.

Commands are those of the rehearsal, which reads and writes as the providers do; what is done in a
console goes through the sandbox's console calls and the vendors' own APIs, or, where a console has
no API at all, into the sandbox's state.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from itertools import count
from typing import Any

from cfscim.adopt.command import import_file
from cfscim.adopt.finder import find, find_gone
from cfscim.adopt.state import read_state
from cfscim.config.json_types import Json
from cfscim.config.models import parse_config
from cfscim.config.names import group_name
from cfscim.rehearsal import Rehearsal
from cfscim.rehearsal.vendors import Vendors
from cfscim.vendors.entra.job_schema import SourceObject, object_mapping
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.http import Call
from cfscim.verify import Check, Report
from cfscim.verify.actions import OUT_OF_VIRTUAL, Act, Action
from cfscim.verify.entra import ACTIVE_SOURCE
from sandbox.cloudflare.api import iam
from sandbox.cloudflare.catalog import ROLES
from sandbox.entra.models import Entity, Job
from sandbox.entra.provisioning.cycle import reset_scopes, restart_job
from sandbox.entra.provisioning.cycle import run_cycle as entra_cycle
from sandbox.okta.models import App
from sandbox.okta.provisioning.assignment import leave, refresh
from sandbox.okta.provisioning.console import configure
from sandbox.okta.provisioning.cycle import run_cycle as okta_cycle
from sandbox.server.world import World
from tests.configs import ACCOUNT, BOXES
from tests.loopback import plain_client
from tests.verify.verify_base import Bases, Combination
from tests.verify.verify_support import KEY, Stack, stack_of, write


class Hands:
    """Whoever follows the advice on one stack; `stack` is what the last update left."""

    def __init__(self, bases: Bases, combination: Combination, stack: Stack) -> None:
        self.bases, self.combination, self.stack = bases, combination, stack
        self.world: World = bases.sandbox.world
        self.given: dict[str, Any] = deepcopy(dict(stack.given))
        self.env = dict(stack.env)
        self.rehearsal = Rehearsal(
            "dev", self.env, progress=lambda _line: None, state=deepcopy(stack.state)
        )
        self.cloudflare = plain_client(
            base_url=f"{self.env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}",
            headers={"Authorization": f"Bearer {self.env['CLOUDFLARE_API_TOKEN']}"},
        )

    def do(self, action: Action) -> None:
        """Carries one action out. Raises KeyError for a kind that nothing here can."""
        EXECUTORS[action.kind](self, *action.about)

    def verify(self) -> Report:
        """What verify finds now."""
        return replace(self.stack, env=self.env).verify()

    # -- commands and the stack file -----------------------------------------------------------

    @property
    def scim(self) -> dict[str, Any]:
        return self.given[KEY]

    def update(self) -> None:
        result = self.rehearsal.update(self.given)
        self.stack = stack_of(self.env, self.given, result, self.rehearsal.export())

    def refresh(self) -> None:
        self.rehearsal.refresh(self.given)
        self.update()

    def rotate(self) -> None:
        token = self.scim["token"]
        token["rotation"] = f"{token.get('rotation', '1')}0"
        self.update()

    def extend(self) -> None:
        self.scim["token"]["expiresOn"] = "2099-01-01T00:00:00Z"
        self.rotate()

    def config(self, path: str, value: str) -> None:
        write(self.given, path, {"true": True, "false": False}.get(value, value))
        config = parse_config(self.scim, stack="dev")
        self.stack = replace(self.stack, config=config, given=self.given)

    def drop_member(self, *people: str) -> None:
        for role in self.scim["roles"].values():
            if "members" in role:
                role["members"] = [one for one in role["members"] if one not in people]

    def add_member(self, role: str) -> None:
        self.scim["roles"].setdefault(role, {}).setdefault("members", []).append(
            "edsger@example.com"
        )
        self.update()
        self.wait()

    def adopt(self) -> None:
        known = read_state(self.rehearsal.export())
        with Vendors({}, self.env, here_only=False) as vendors:
            state = known.without(find_gone(known, vendors).keys)
            self.rehearsal = Rehearsal(
                "dev", self.env, progress=lambda _line: None, state=state.export
            )
            found = find("dev", self.given, state, vendors, frozenset())
        self.rehearsal.take_over(import_file(found.findings, found.declared, state), self.given)

    def sign_in(self, organisation: str) -> None:
        self.env["OKTA_ORG_NAME"] = organisation

    def hand_over(self) -> None:
        if self.combination[0] == "okta":
            self.connect()
        self.wait()

    def confirm(self) -> None:
        self.connect()
        self.config("identityProvider.apiIntegrationConfirmed", "true")
        self.update()

    def wait(self) -> None:
        for entry in self.world.entra.log:
            # Graph dates by the second: no failure is of the second in which the next cycle begins.
            entry["activityDateTime"] = "2026-01-01T00:00:01Z"
        self.bases.cycle(self.combination)

    def grant(self) -> None:
        """The permissions that were taken away, or refused, come back."""
        self.world.faults.clear()
        self.world.entra.roles = list(type(self.world.entra)().roles)
        self.env = dict(self.bases.sandbox.env)

    # -- Cloudflare ----------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None) -> None:
        self.cloudflare.request(method, path, json=body).raise_for_status()

    def members(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for page in count(1):
            asked = {"per_page": 50, "page": page}
            shown = self.cloudflare.get("/members", params=asked).json()["result"]
            found |= {str(member["email"]): member for member in shown}
            if len(shown) < 50:
                return found
        return found

    def role_id(self, name: str) -> str:
        found = self.cloudflare.get("/roles", params={"per_page": 100}).json()["result"]
        return next(str(role["id"]) for role in found if role["name"] == name)

    def remove_role(self, person: str, role: str) -> None:
        member = self.members().get(person)
        if member is None:  # another line had the person removed
            return
        kept = [{"id": one["id"]} for one in member["roles"] if one["name"] != role]
        kept = kept or [{"id": self.role_id("Minimal Account Access")}]
        self.call("PUT", f"/members/{member['id']}", {"roles": kept})

    def drop_policy(self, group: str) -> None:
        answer = self.cloudflare.put(f"/iam/user_groups/{group}", json={"policies": []})
        assert answer.is_success or answer.status_code == 404  # another line may have deleted it

    def give_role(self, person: str, role: str) -> None:
        roles, member = [{"id": self.role_id(role)}], self.members().get(person)
        if member is not None:
            self.call("PUT", f"/members/{member['id']}", {"roles": roles})
            return
        body = {"email": person, "roles": [roles[0]["id"]], "status": "accepted"}
        self.call("POST", "/members", body)

    def accept(self, person: str) -> None:
        member_id = self.members()[person]["id"]
        self.world.cloudflare.accounts[ACCOUNT].members[member_id].status = "accepted"

    def remove_member(self, *people: str) -> None:
        there = self.members()
        for person in people:
            exact = [person] if person in there else [one for one in there if same(one, person)]
            for address in exact:
                self.call("DELETE", f"/members/{there.pop(address)['id']}")

    def end_credential(self, *ids: str) -> None:
        for token in ids:
            self.call("DELETE", f"/tokens/{token}")

    def rename_user_group(self, group: str, name: str) -> None:
        """SCIM may have locked the name; the advice says so, and has it sent again."""
        self.cloudflare.put(f"/iam/user_groups/{group}", json={"name": name})

    def delete_user_group(self, *groups: str) -> None:
        for group in groups:
            self.call("DELETE", f"/iam/user_groups/{group}")

    def ask(self, what: str, *about: str) -> None:
        account = about[0]
        if what == OUT_OF_VIRTUAL:
            cloudflare = self.world.cloudflare
            for group in cloudflare.accounts[ACCOUNT].system_groups.values():
                ids = {
                    one.id
                    for one in cloudflare.accounts[ACCOUNT].members.values()
                    if any(same(cloudflare.users[one.user_id].email, who) for who in about)
                }
                group.members = [one for one in group.members if one not in ids]
        if what == "virtual groups":
            self.world.cloudflare.accounts[account].virtual_groups = True
        iam.ROLES = ROLES

    # -- Okta ----------------------------------------------------------------------------------

    def app(self) -> App:
        id_ = self.stack.outputs.application_id
        return self.world.okta.apps[id_]

    def activate(self) -> None:
        self.app().status = "ACTIVE"

    def connect(self) -> None:
        outputs = self.stack.outputs
        settings = {
            "baseUrl": outputs.scim_base_url,
            "token": outputs.token_value.get_secret_value(),
            "boxes": BOXES,
        }
        with self.world.locked("okta"):
            configure(self.world, self.app().id, settings)

    def switch(self, feature: str, wanted: str) -> None:
        with self.world.locked("okta"):
            configure(self.world, self.app().id, {"boxes": {feature: wanted == "on"}})

    def delete_app(self, *ids: str) -> None:
        for id_ in ids:
            del self.world.okta.apps[id_]

    def delete_okta_group(self, group: str) -> None:
        okta = plain_client(
            base_url=f"{self.world.http_base}/api/v1",
            headers={"Authorization": f"SSWS {self.env['OKTA_API_TOKEN']}"},
        )
        okta.delete(f"/groups/{group}").raise_for_status()

    def rename_okta_group(self, group: str, name: str) -> None:
        self.world.okta.groups[group].name = name

    def activate_push(self, group: str) -> None:
        for mapping in self.app().mappings:
            if self.world.okta.groups[mapping.source_group_id].name == group:
                mapping.status = "ACTIVE"

    def push_now(self, _group: str) -> None:
        with self.world.locked("okta"):
            okta_cycle(self.world, full=True)

    def unlink(self, *mappings: str) -> None:
        self.app().mappings = [one for one in self.app().mappings if one.id not in mappings]

    def renames_off(self) -> None:
        self.app().provisioning.rename_groups = False

    def provision_user(self, *people: str) -> None:
        with self.world.locked("okta"):
            configure(self.world, self.app().id, {"provisionUser": list(people)})

    def _in_users(self, people: tuple[str, ...], *, there: bool) -> None:
        okta = self.world.okta
        group = next(g for g in okta.groups.values() if g.name == "Cloudflare Users")
        ids = [user.id for user in okta.users.values() if user.email in people]
        kept = [one for one in group.members if one not in ids]
        group.members = [*kept, *ids] if there else kept
        refresh(okta)

    def join_users(self, *people: str) -> None:
        self._in_users(people, there=True)

    def reassign(self, *people: str) -> None:
        self._in_users(people, there=False)
        self.wait()
        self._in_users(people, there=True)

    def unassign(self, *names: str) -> None:
        app = self.app()
        for user_id, one in list(app.users.items()):
            if one.scope == "USER" and one.user_name in names:
                leave(self.world.okta, app, user_id)
        refresh(self.world.okta)

    def another_address(self, *logins: str) -> None:
        for user in self.world.okta.users.values():
            if user.login in logins:
                user.email = f"other.{user.email}"
        for group in self.world.okta.groups.values():
            gone = [key for key in group.members if self.world.okta.users[key].login in logins]
            if group.type == "OKTA_GROUP":
                group.members = [key for key in group.members if key not in gone]
        refresh(self.world.okta)

    def user_name(self, *people: str) -> None:
        for person in self.world.okta.users.values():
            if person.email in people:
                self.app().users[person.id].user_name = person.email

    def retry(self) -> None:
        """What was named is put right, and the failed tasks run again."""
        for one in self.app().users.values():
            one.error = None
        self.push_now("")

    def let_in(self, *people: str) -> None:
        for user in self.world.okta.users.values():
            if user.email in people:
                user.status = "ACTIVE"
        for entity in self.world.entra.users.values():
            if entity.text("mail") in people:
                entity.properties["accountEnabled"] = True
        refresh(self.world.okta)

    # -- Entra ---------------------------------------------------------------------------------

    def principal(self) -> Entity:
        return self.world.entra.service_principals[str(self.stack.outputs.service_principal_id)]

    def job(self) -> Job:
        return next(iter(self.world.entra.synchronization[self.principal().id].jobs.values()))

    def entra_app(self, name: str) -> None:
        self.principal().properties |= {"displayName": name, "accountEnabled": True}

    def schedule(self, state: str) -> None:
        self.job().schedule = state

    def restart(self, _principal: str, _job: str, scope: str) -> None:
        with self.world.locked("entra"):
            restart_job(self.job(), reset_scopes(scope))
            entra_cycle(self.world)

    def logs(self) -> None:
        """Whatever they name is put right: in the sandbox nothing but the entries is wrong."""

    def entitle(self, member: str) -> None:
        user = self.world.entra.users[member]
        user.properties["accountEnabled"] = True
        config = self.stack.config
        for group in self.world.entra.groups.values():
            name = group.text("displayName")
            roles = [role for role in config.roles if group_name(config, role) == name]
            lists = [config.roles[role].members or () for role in roles]
            is_users = name == config.identity_provider.users_group.name
            wanted = is_users or any(user.text("mail") in members for members in lists)
            if wanted and member not in group.members:
                group.members.append(member)

    def enable_mapping(self) -> None:
        for source in ("User", "Group"):
            mapping = object_mapping(self.job().document, source)
            mapping |= {"enabled": True, "flowTypes": "Add, Update, Delete"}

    def map_active(self) -> None:
        flows = object_mapping(self.job().document, "User")["attributeMappings"]
        assert isinstance(flows, list)
        for flow in flows:
            if isinstance(flow, dict) and flow["targetAttributeName"] == "active":
                flow["source"] = {"expression": ACTIVE_SOURCE, "name": "Switch", "type": "Function"}

    def map_attribute(self, kind: SourceObject, target: str, source: str) -> None:
        flows = object_mapping(self.job().document, kind)["attributeMappings"]
        assert isinstance(flows, list)
        others = [f for f in flows if isinstance(f, dict) and f["targetAttributeName"] != target]
        own: Json = {"expression": f"[{source}]", "name": source, "type": "Attribute"}
        mended: Json = {**others[0], "targetAttributeName": target, "source": own}
        flows[:] = [*others, mended]

    def clear_user_filter(self) -> None:
        object_mapping(self.job().document, "User")["scope"] = None

    def remove_key(self, *keys: str) -> None:
        for key in keys:
            del self.world.entra.synchronization[self.principal().id].secrets[key]

    def rename_entra_group(self, group: str, name: str) -> None:
        self.world.entra.groups[group].properties["displayName"] = name

    def restore(self, *ids: str) -> None:
        with graph_http({}, self.env) as http:
            for object_id in ids:
                path = f"/v1.0/directory/deletedItems/{object_id}/restore"
                http.send(Call("POST", path))

    def twin(self, *groups: str) -> None:
        for group in groups:
            self.rename_entra_group(group, f"another {group}")

    def entra_unassign(self, *assignments: str) -> None:
        for one in assignments:
            del self.world.entra.assignments[one]

    def unnest(self, group: str, *nested: str) -> None:
        groups, people, inner = self.world.entra.groups, [], [*nested]
        for one in inner:
            inside = groups[one].members if one in groups else []
            inner += [member for member in inside if member in groups]
            people += [member for member in inside if member not in groups]
        kept = [one for one in groups[group].members if one not in nested]
        groups[group].members = list(dict.fromkeys([*kept, *people]))

    def equal_names(self, *people: str) -> None:
        for user in self.world.entra.users.values():
            names = [user.text("mail"), user.text("userPrincipalName")]
            if {name.lower() for name in names} & {person.lower() for person in people}:
                right = user.text("mail") or user.text("userPrincipalName")
                user.properties |= {"mail": right, "userPrincipalName": right}

    def meet_filter(self, *people: str) -> None:
        [wanted] = self.scim["identityProvider"]["userFilter"]
        for user in self.world.entra.users.values():
            if user.text("mail") in people:
                user.properties[wanted["attribute"]] = wanted["value"]


def in_turn(checks: Iterable[Check]) -> list[Action]:
    """Each action once, as a person does them: all consoles, then one update, then one cycle."""
    every = list(dict.fromkeys(action for check in checks for action in check.actions))
    # Who comes into charge comes first: an account without anybody takes no other change. Other
    # pages of Okta's are there once the integration is.
    last = (
        Act.CLOUDFLARE_GIVE_ROLE,
        Act.OKTA_CONNECT,
        None,
        Act.ENTRA_RESTART,
        Act.OKTA_PUSH_NOW,
        Act.WAIT,
    )
    return sorted(every, key=lambda one: last.index(one.kind if one.kind in last else None))


def same(one: str, other: str) -> bool:
    """Whether two addresses are one person's to Cloudflare."""
    return one.lower() == other.lower()


def _nothing(_hands: Hands, *_about: str) -> None:
    """Looking, or reading another line, changes nothing."""


EXECUTORS: Mapping[Act, Callable[..., None]] = {
    Act.UPDATE: Hands.update,
    Act.REFRESH: Hands.refresh,
    Act.ROTATE: Hands.rotate,
    Act.EXTEND: Hands.extend,
    Act.CONFIG: Hands.config,
    Act.DROP_MEMBER: Hands.drop_member,
    Act.ADD_MEMBER: Hands.add_member,
    Act.ADOPT: Hands.adopt,
    Act.SIGN_IN: Hands.sign_in,
    Act.HAND_OVER: Hands.hand_over,
    Act.CONFIRM: Hands.confirm,
    Act.WAIT: Hands.wait,
    Act.RUN_AGAIN: _nothing,
    Act.SEE: _nothing,
    Act.LOOK: _nothing,
    Act.GRANT: Hands.grant,
    Act.VENDOR: Hands.grant,
    Act.CLOUDFLARE_REMOVE_ROLE: Hands.remove_role,
    Act.CLOUDFLARE_DROP_POLICY: Hands.drop_policy,
    Act.CLOUDFLARE_GIVE_ROLE: Hands.give_role,
    Act.CLOUDFLARE_ACCEPT: Hands.accept,
    Act.CLOUDFLARE_REMOVE_MEMBER: Hands.remove_member,
    Act.CLOUDFLARE_END_CREDENTIAL: Hands.end_credential,
    Act.CLOUDFLARE_RENAME_GROUP: Hands.rename_user_group,
    Act.CLOUDFLARE_DELETE_GROUP: Hands.delete_user_group,
    Act.CLOUDFLARE_ASK: Hands.ask,
    Act.OKTA_ACTIVATE: Hands.activate,
    Act.OKTA_CONNECT: Hands.connect,
    Act.OKTA_SWITCH: Hands.switch,
    Act.OKTA_DELETE_APP: Hands.delete_app,
    Act.OKTA_DELETE_GROUP: Hands.delete_okta_group,
    Act.OKTA_RENAME_GROUP: Hands.rename_okta_group,
    Act.OKTA_ACTIVATE_PUSH: Hands.activate_push,
    Act.OKTA_PUSH_NOW: Hands.push_now,
    Act.OKTA_UNLINK: Hands.unlink,
    Act.OKTA_RENAMES_OFF: Hands.renames_off,
    Act.OKTA_PROVISION_USER: Hands.provision_user,
    Act.OKTA_JOIN_USERS: Hands.join_users,
    Act.OKTA_REASSIGN: Hands.reassign,
    Act.OKTA_UNASSIGN: Hands.unassign,
    Act.OKTA_USER_NAME: Hands.user_name,
    Act.OKTA_ADDRESS: Hands.another_address,
    Act.OKTA_RETRY: Hands.retry,
    Act.ENTRA_APP: Hands.entra_app,
    Act.ENTRA_START: lambda hands: hands.schedule("Active"),
    Act.ENTRA_STOP: lambda hands: hands.schedule("Disabled"),
    Act.ENTRA_RESTART: Hands.restart,
    Act.ENTRA_LOGS: Hands.logs,
    Act.ENTRA_ENTITLE: Hands.entitle,
    Act.ENTRA_ENABLE_MAPPING: Hands.enable_mapping,
    Act.ENTRA_MAP_ACTIVE: Hands.map_active,
    Act.ENTRA_MAP: Hands.map_attribute,
    Act.ENTRA_CLEAR_USER_FILTER: Hands.clear_user_filter,
    Act.ENTRA_REMOVE_KEY: Hands.remove_key,
    Act.ENTRA_RENAME_GROUP: Hands.rename_entra_group,
    Act.ENTRA_RESTORE: Hands.restore,
    Act.ENTRA_TWIN: Hands.twin,
    Act.ENTRA_UNASSIGN: Hands.entra_unassign,
    Act.ENTRA_UNNEST: Hands.unnest,
    Act.ENTRA_MEET_FILTER: Hands.meet_filter,
    Act.ENTRA_USER_NAME: Hands.equal_names,
}
"""By kind: what carries it out; the arguments are the action's `about`."""

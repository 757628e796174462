"""Carries advice out on the sandbox, as a person or a cycle would: one executor a kind of action."""

from collections.abc import Callable, Mapping

import httpx

from cfscim.verify.actions import Act, Action
from sandbox.entra.provisioning.cycle import run_cycle as entra_cycle
from sandbox.okta.provisioning.assignment import refresh
from sandbox.okta.provisioning.console import configure
from sandbox.okta.provisioning.cycle import run_cycle as okta_cycle
from sandbox.server.world import World
from tests.rehearsal.rehearsal_support import ACCOUNT
from tests.verify.verify_base import Bases, Combination

_SWITCHES = {
    "PUSH_NEW_USERS": "create_users",
    "PUSH_USER_DEACTIVATION": "deactivate_users",
    "PUSH_PROFILE_UPDATES": "update_users",
    "GROUP_PUSH": "enabled",
}


class Hands:
    """Whoever follows the advice on one stack."""

    def __init__(self, bases: Bases, stack: Combination) -> None:
        self.bases = bases
        self.stack = stack
        self.world: World = bases.sandbox.world
        env = bases.sandbox.env
        self.cloudflare = httpx.Client(
            base_url=f"{env['CLOUDFLARE_BASE_URL']}/accounts/{ACCOUNT}",
            headers={"Authorization": f"Bearer {env['CLOUDFLARE_API_TOKEN']}"},
            trust_env=False,
        )

    def do(self, action: Action) -> None:
        """Carries one action out. Raises KeyError for a kind that nothing here can."""
        EXECUTORS[action.kind](self, *action.about)

    def call(self, method: str, path: str, body: object = None) -> None:
        self.cloudflare.request(method, path, json=body).raise_for_status()

    def members(self) -> dict[str, dict[str, object]]:
        found = self.cloudflare.get("/members", params={"per_page": 50}).json()["result"]
        return {str(member["email"]): member for member in found}

    def role_id(self, name: str) -> str:
        found = self.cloudflare.get("/roles", params={"per_page": 100}).json()["result"]
        return next(str(role["id"]) for role in found if role["name"] == name)

    def wait(self) -> None:
        self.bases.cycle(self.stack)

    def remove_role(self, person: str, role: str) -> None:
        member = self.members()[person]
        held = member["roles"]
        assert isinstance(held, list)
        kept = [{"id": one["id"]} for one in held if one["name"] != role]
        kept = kept or [{"id": self.role_id("Minimal Account Access")}]
        self.call("PUT", f"/members/{member['id']}", {"roles": kept})

    def drop_policy(self, name: str) -> None:
        groups = self.cloudflare.get("/iam/user_groups", params={"per_page": 100}).json()["result"]
        group = next(one for one in groups if one["name"] == name)
        self.call("PUT", f"/iam/user_groups/{group['id']}", {"policies": []})

    def give_role(self, person: str, role: str) -> None:
        roles, member = [{"id": self.role_id(role)}], self.members().get(person)
        if member is not None:
            self.call("PUT", f"/members/{member['id']}", {"roles": roles})
            return
        body = {"email": person, "roles": [roles[0]["id"]], "status": "accepted"}
        self.call("POST", "/members", body)

    def remove_member(self, *people: str) -> None:
        members = self.members()
        for person in people:
            self.call("DELETE", f"/members/{members[person]['id']}")

    def end_credential(self, *ids: str) -> None:
        for token in ids:
            self.call("DELETE", f"/tokens/{token}")

    def app(self):
        [app] = self.world.okta.apps.values()
        return app

    def activate(self) -> None:
        self.app().status = "ACTIVE"

    def switch(self, feature: str, wanted: str) -> None:
        provisioning = self.app().provisioning
        if feature == "PUSH_PASSWORD_UPDATES":
            provisioning.password.enabled = wanted == "on"
            return
        setattr(provisioning, _SWITCHES[feature], wanted == "on")

    def push_now(self, _group: str) -> None:
        with self.world.locked("okta"):
            okta_cycle(self.world, full=True)

    def reassign(self, *people: str) -> None:
        okta = self.world.okta
        group = next(g for g in okta.groups.values() if g.name == "Cloudflare Users")
        ids = [user.id for user in okta.users.values() if user.email in people]
        group.members = [one for one in group.members if one not in ids]
        refresh(okta)
        self.wait()
        group.members += ids
        refresh(okta)

    def provision_user(self, *people: str) -> None:
        with self.world.locked("okta"):
            configure(self.world, self.app().id, {"provisionUser": list(people)})

    def unlink(self, *mappings: str) -> None:
        self.app().mappings = [one for one in self.app().mappings if one.id not in mappings]

    def restart(self, *_job: str) -> None:
        with self.world.locked("entra"):
            entra_cycle(self.world, full=True)

    def schedule(self, state: str) -> None:
        for synchronization in self.world.entra.synchronization.values():
            for job in synchronization.jobs.values():
                job.schedule = state


EXECUTORS: Mapping[Act, Callable[..., None]] = {
    Act.WAIT: Hands.wait,
    Act.CLOUDFLARE_REMOVE_ROLE: Hands.remove_role,
    Act.CLOUDFLARE_DROP_POLICY: Hands.drop_policy,
    Act.CLOUDFLARE_GIVE_ROLE: Hands.give_role,
    Act.CLOUDFLARE_REMOVE_MEMBER: Hands.remove_member,
    Act.CLOUDFLARE_END_CREDENTIAL: Hands.end_credential,
    Act.OKTA_ACTIVATE: Hands.activate,
    Act.OKTA_SWITCH: Hands.switch,
    Act.OKTA_PUSH_NOW: Hands.push_now,
    Act.OKTA_REASSIGN: Hands.reassign,
    Act.OKTA_UNLINK: Hands.unlink,
    Act.OKTA_PROVISION_USER: Hands.provision_user,
    Act.ENTRA_RESTART: Hands.restart,
    Act.ENTRA_START: lambda hands: hands.schedule("Active"),
    Act.ENTRA_STOP: lambda hands: hands.schedule("Disabled"),
}
"""By kind: what carries it out; the arguments are the action's `about`."""

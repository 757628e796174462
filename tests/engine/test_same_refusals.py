"""Where the real plugins are quiet or refuse, the rehearsal does the same; it follows them.

One stack an identity provider and way, deployed once; the cases are tried on it one after another.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from pulumi.automation import LocalWorkspaceOptions, ProjectSettings, create_or_select_stack
from pulumi.automation.errors import CommandError

from cfscim.config.json_types import JsonObject
from cfscim.config.messages import CONFIG_KEY, ScimError
from cfscim.config.models import parse_config
from cfscim.rehearsal import RehearsalDeployer
from cfscim.up.command import begin, deploy
from cfscim.up.engine import Engine, EngineDeployer
from cfscim.up.sandbox_process import SandboxProcess
from cfscim.vendors.entra.signin import graph_http
from cfscim.vendors.http import Call
from tests.configs import config_object
from tests.loopback import PLAIN, plain_client

Declared = dict[str, object]
MADE = ""
"""What is said of a step that ends well."""


class Way:
    """The stack as one of the two ways carries it out; each step gives what was said of it."""

    def __init__(
        self, deployer: EngineDeployer | RehearsalDeployer, sandbox: SandboxProcess, kind: str
    ) -> None:
        self.deployer, self.sandbox = deployer, sandbox
        self.declared = config_object(kind)
        config = parse_config(self.declared, stack="engine")
        deploy(begin(config, self.declared, deployer, sandbox, lambda _line: None))

    def update(self, **changes: object) -> str:
        """An update with these keys of the config changed; empty where it ends well."""
        try:
            self.deployer.update({CONFIG_KEY: {**self.declared, **changes}})
        except ScimError as error:
            return str(error)
        return MADE

    def refresh(self) -> str:
        """A refresh; empty where it ends well."""
        try:
            if isinstance(self.deployer, EngineDeployer):
                self.deployer.stack.refresh(suppress_outputs=True)
            else:
                self.deployer._rehearsal.refresh({CONFIG_KEY: self.declared})
        except (ScimError, CommandError) as error:
            return str(error)
        return MADE

    def roles(self, name: str, members: list[str] | None) -> Mapping[str, object]:
        """The roles with other members in one, or without it."""
        given = self.declared["roles"]
        assert isinstance(given, dict)
        others = {role: value for role, value in given.items() if role != name}
        return others if members is None else {**others, name: {"members": members}}

    def provider(self, **changes: object) -> Declared:
        """The identity provider's part with these keys changed."""
        given = self.declared["identityProvider"]
        assert isinstance(given, dict)
        return {**given, **changes}

    def fault(self, kind: str, method: str | None, path: str) -> None:
        """A vendor that misbehaves until `mend`."""
        aimed = {"method": method} if method else {}
        self.sandbox.post("faults", {"kind": kind, "path": path, "times": None, **aimed})

    def mend(self) -> None:
        PLAIN.delete(f"{self.sandbox.admin}/_sandbox/faults")

    def removal(self, what: str) -> list[dict[str, str]]:
        """What allows the removal."""
        return [{"what": what, "until": "2099-01-01", "by": "a", "reason": "a test"}]

    def removed(self, what: str, **changes: object) -> list[str]:
        """What is said when the removal is allowed, and then when it is carried out."""
        allowed = self.removal(what)
        return [self.update(removals=allowed), self.update(removals=allowed, **changes)]

    def okta(self) -> httpx.Client:
        headers = {"Authorization": f"SSWS {self.sandbox.environment()['OKTA_API_TOKEN']}"}
        return plain_client(base_url=self.sandbox.admin, headers=headers)

    def mappings(self) -> Iterator[tuple[httpx.Client, str]]:
        """Each push mapping's address, with a client for it."""
        with self.okta() as client:
            app = client.get("/api/v1/apps", params={"q": "Cloudflare SCIM"}).json()[0]["id"]
            base = f"/api/v1/apps/{app}/group-push/mappings"
            for mapping in client.get(base).json():
                yield client, f"{base}/{mapping['id']}"


def refused_members(way: Way) -> list[str]:
    """A change that Okta refuses: green, and nothing to do in the next run; yet not carried out."""
    way.fault("403", "DELETE", "/api/v1/groups/[^/]+/users/[^/]+")
    fewer = way.roles("Administrator", [])
    first = way.update(roles=fewer)
    way.mend()
    again = way.update(roles=fewer)
    groups = way.sandbox.state()["okta"]["groups"]
    assert isinstance(groups, list)
    still = [g["members"] for g in groups if g["name"] == "Administrator" and g["members"]]
    return [first, again, "still in it" if still else MADE, way.update()]


def mapping_in_error(way: Way) -> list[str]:
    """A push that failed: a mapping in ERROR is neither changed nor deleted by the provider."""
    allowed = way.removal("Billing")
    more = way.roles("Billing", ["ada@example.com"])
    way.fault("500", None, "/client/v4/accounts/[^/]+/scim/v2/Groups.*")
    said = [way.update(removals=allowed, roles=more)]
    way.sandbox.post("cycle")
    way.mend()
    said += [way.refresh(), way.update(removals=allowed, roles=more)]
    said.append(way.update(removals=allowed, roles=way.roles("Billing", None)))
    way.sandbox.post("cycle", {"full": True})  # what a person's Push now makes of it
    return [*said, way.refresh(), way.update()]


def mapping_gone(way: Way) -> list[str]:
    """A push removed in Okta: a removal of it ends in an error, and so does a refresh."""
    for client, path in way.mappings():
        client.patch(path, json={"status": "INACTIVE"})
        client.delete(path, params={"deleteTargetGroup": "false"})
    fewer = way.roles("Administrator", None)
    return [*way.removed("Administrator", roles=fewer), way.refresh()]


def stranger_in_okta(way: Way) -> list[str]:
    """A group of the wanted name that is not the stack's: the update fails."""
    with way.okta() as client:
        body = {"profile": {"name": "Other Users"}}
        client.post("/api/v1/groups", json=body).raise_for_status()
    return _renamed(way)


def _renamed(way: Way) -> list[str]:
    other = way.provider(usersGroup={"name": "Other Users"})
    return way.removed("usersGroup", identityProvider=other)


def further_key(way: Way) -> list[str]:
    """A further saved key is named at once, before the provider would wait for its time-out."""
    state = way.sandbox.state()["entra"]["synchronization"]
    assert isinstance(state, dict)
    [principal] = state
    path = f"/v1.0/servicePrincipals/{principal}/synchronization/secrets"

    def save(value: str) -> None:
        pair: JsonObject = {"key": "SkipOutOfScopeDeletions", "value": value}
        with graph_http({}, way.sandbox.environment()) as http:
            http.send(Call("PUT", path, body={"value": [pair]}))

    save("True")
    said = [way.update(token={"owner": "account", "rotation": "2"})]
    save("")
    return [*said, way.update(token={"owner": "account", "rotation": "2"})]


def stranger_in_entra(way: Way) -> list[str]:
    """A group of the wanted name that is not the stack's: the update fails."""
    body: JsonObject = {
        "displayName": "Other Users",
        "mailEnabled": False,
        "mailNickname": "other",
        "securityEnabled": True,
    }
    with graph_http({}, way.sandbox.environment()) as http:
        http.send(Call("POST", "/v1.0/groups", body=body))
    return _renamed(way)


_IN_ERROR = "disallowed status|doesn.t allow"
# What the provider says of each step, as a pattern; empty: it ends well.
CASES: dict[str, list[tuple[Callable[[Way], list[str]], list[str]]]] = {
    "okta": [
        (refused_members, ["", "", "still in it", ""]),
        (mapping_in_error, ["", "", _IN_ERROR, _IN_ERROR, "", ""]),
        (mapping_gone, ["", "404|[Nn]ot found", "404|[Nn]ot found"]),
        (stranger_in_okta, ["", "[Aa]lready|unique|validation"]),
    ],
    "entra": [
        (further_key, ["SkipOutOfScopeDeletions", ""]),
        (stranger_in_entra, ["", "existing|exists|found"]),
    ],
}


def fits(pattern: str, said: str) -> bool:
    return bool(re.search(pattern, said)) if pattern else not said


@pytest.mark.parametrize("way", ["engine", "rehearsal"])
@pytest.mark.parametrize("kind", CASES)
def test_both_say_what_the_provider_says(
    kind: str, way: str, request: pytest.FixtureRequest, folder: Path
) -> None:
    with SandboxProcess() as sandbox:
        env = sandbox.environment()
        deployer: EngineDeployer | RehearsalDeployer
        if way == "engine":
            engine: Engine = request.getfixturevalue("engine")
            deployer = EngineDeployer(engine, "engine", folder, env, lambda _line: None)
        else:
            deployer = RehearsalDeployer("engine", env, lambda _line: None)
        stack = Way(deployer, sandbox, kind)
        wrong: list[str] = []
        for case, expected in CASES[kind]:
            said = case(stack)
            if len(said) != len(expected) or not all(map(fits, expected, said)):
                wrong += [case.__name__, *map(repr, said), f"expected {expected}"]
        assert not wrong, "\n".join(wrong)


def test_the_plugin_cannot_look_for_a_name_with_an_apostrophe(
    engine: Engine, sandbox: SandboxProcess, folder: Path
) -> None:
    """As the rehearsal does (tests/rehearsal/test_rehearsal_providers.py), and `validate` refuses."""
    azuread = pytest.importorskip("pulumi_azuread")

    def program() -> None:
        azuread.Group(
            "group", display_name="O'Brien", security_enabled=True, prevent_duplicate_names=True
        )

    (folder / "backend").mkdir()
    settings = ProjectSettings("apostrophe", "python")
    options = LocalWorkspaceOptions(
        work_dir=str(folder),
        pulumi_command=engine.command,
        project_settings=settings,
        env_vars={
            **sandbox.environment(),
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "x",
        },
    )
    stack = create_or_select_stack("test", "apostrophe", program, opts=options)
    with pytest.raises(CommandError, match="nvalid filter clause"):
        stack.up(suppress_outputs=True)
    assert sandbox.state()["entra"]["groups"] == []

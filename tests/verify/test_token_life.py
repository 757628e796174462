"""The token's life, in rehearsal: two side by side, limits that go, and an end that is found."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from cfscim.config.messages import ScimError
from cfscim.config.models import parse_config
from cfscim.verify import Status, parse_outputs
from cfscim.verify import run as verify
from sandbox.server.server import Sandbox
from tests.configs import stack_config
from tests.loopback import plain_client
from tests.rehearsal.rehearsal_support import do_console_steps, rehearsal
from tests.verify.verify_support import KEY, failing, show

pytestmark = pytest.mark.usefixtures("signed_in")


class Life:
    """A stack whose token is changed, with everything by hand done when asked for."""

    def __init__(self, sandbox: Sandbox, kind: str) -> None:
        self.sandbox = sandbox
        self.kind = kind
        self.stack = rehearsal(sandbox)
        self.confirmed = {"apiIntegrationConfirmed": True} if kind == "okta" else {}

    def given(self, token: dict[str, object], **provider: object) -> dict[str, object]:
        given = stack_config(self.kind, token=token, **provider)  # type: ignore[arg-type]
        scim = given[KEY]
        assert isinstance(scim, dict)
        scim["breakGlass"] = ["owner@example.com"]
        return given

    def begin(self, **token: object) -> None:
        if self.kind == "okta":
            self.result = self.stack.update(self.given(token))
            self.paste()
        self.update(**token)

    def update(self, **token: object) -> None:
        self.config = self.given(token, **self.confirmed)
        self.result = self.stack.update(self.config)

    def _admin(self) -> httpx.Client:
        base = f"{self.sandbox.admin}/_sandbox/"
        return plain_client(base_url=base, timeout=60)

    def paste(self) -> None:
        with self._admin() as admin:
            do_console_steps(admin, self.result)

    def cycle(self) -> None:
        with self._admin() as admin:
            admin.post("cycle").raise_for_status()

    def verify(self):
        assert self.result.token_value is not None
        printed = {**self.result.outputs, "tokenValue": self.result.token_value.get_secret_value()}
        config = parse_config(self.config[KEY], stack="dev")
        outputs = parse_outputs(printed, config, source="the rehearsal")
        return verify(config, outputs, {}, self.sandbox.env, lambda _line: None)

    def tokens(self):
        return list(self.sandbox.world.cloudflare.tokens.values())


def test_two_tokens_stand_side_by_side_until_the_new_one_is_in_use(sandbox: Sandbox) -> None:
    life = Life(sandbox, "okta")
    life.begin()
    life.cycle()
    life.update(keepPrevious=True)
    [first] = life.tokens()
    life.update(keepPrevious=True, rotation="2")
    assert {token.status for token in life.tokens()} == {"active"}
    assert len(life.tokens()) == 2
    report = life.verify()
    assert failing(report) == {}, show(report)
    waiting = [check.id for check in report.checks if check.status is Status.NOT_YET]
    assert waiting == ["cloudflare.token.used"]
    assert report.exit_code == 4
    life.cycle()  # nobody pasted: Okta still has the first, which still works
    assert life.verify().exit_code == 4
    life.paste()
    life.cycle()
    report = life.verify()
    assert failing(report) == {}, show(report)
    if report.exit_code == 0:
        [warning] = [
            check.warning for check in report.checks if check.warning and "only" in check.id
        ]
        assert "take token.keepPrevious out again" in warning
    life.update(rotation="2")
    [left] = life.tokens()
    assert left.id != first.id, "the change that takes keepPrevious out ends the previous one"
    assert failing(life.verify()) == {}


def test_a_previous_token_is_not_ended_before_the_new_one_was_used(sandbox: Sandbox) -> None:
    life = Life(sandbox, "okta")
    life.begin()
    life.cycle()
    life.update(keepPrevious=True)
    life.update(keepPrevious=True, rotation="2")
    life.cycle()
    with pytest.raises(ScimError, match="nobody has signed in with it yet"):
        life.update(rotation="2")
    assert len(life.tokens()) == 2
    life.paste()
    life.cycle()
    life.update(rotation="2")
    assert len(life.tokens()) == 1


@pytest.mark.parametrize("kind", ["okta", "entra"])
def test_a_removed_limit_replaces_the_token(sandbox: Sandbox, kind: str) -> None:
    life = Life(sandbox, kind)
    life.begin(allowedCidrs=["127.0.0.0/8"], expiresOn="2099-01-01T00:00:00Z")
    [limited] = life.tokens()
    assert limited.condition
    life.update(expiresOn="2099-01-01T00:00:00Z")
    [free] = life.tokens()
    assert free.id != limited.id
    assert not free.condition
    life.update()
    [endless] = life.tokens()
    assert endless.id != free.id
    assert endless.expires_on is None


@pytest.mark.parametrize("status", ["revoked (exposed)", "disabled"])
def test_a_token_that_cloudflare_ended_is_found(sandbox: Sandbox, status: str) -> None:
    life = Life(sandbox, "entra")
    life.begin()
    life.cycle()
    life.tokens()[0].status = status
    check = failing(life.verify())["cloudflare.token.valid"]
    assert check.found == status


@pytest.mark.parametrize(
    ("days", "said", "warned"),
    [
        (31, "in 31 days", ""),
        (30, "in 30 days: renew it soon", "within 30 days"),
        (14, "in 14 days: renew it soon", "within 14 days"),
        (6, "in 6 days: provisioning stops within 7 days", ""),
        (3, "in 3 days: provisioning stops within 3 days", ""),
        (1, "in 1 day: provisioning stops within 3 days", ""),
    ],
)
def test_the_nearer_the_end_the_more_urgent(
    sandbox: Sandbox, days: int, said: str, warned: str
) -> None:
    life = Life(sandbox, "entra")
    ends = datetime.now(UTC) + timedelta(days=days, hours=1)
    life.begin(expiresOn=ends.strftime("%Y-%m-%dT%H:%M:%SZ"))
    [check] = [one for one in life.verify().checks if one.id == "cloudflare.token.expiry"]
    assert check.found.endswith(said)
    assert warned in check.warning
    assert bool(check.warning) == bool(warned)
    assert (check.status is Status.FAILS) == (days < 7)

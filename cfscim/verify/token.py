"""Is the API token exactly as declared, and does Cloudflare accept it?

Source: guide, "Create an API token"; Cloudflare's API token pages (verify, policies, conditions).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from cfscim.config.facts import (
    TOKEN_PERMISSIONS,
    USER_SCOPE,
    account_resource,
    judge_expiry,
    token_fingerprint,
)
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_name, scim_base_url
from cfscim.config.roles import PERMISSION_GROUP_IDS, SCIM_PROVISIONING
from cfscim.config.words import rfc_3339, to_the_minute
from cfscim.vendors.cloudflare.models import ApiToken, PermissionGroup, TokenPolicy, TokenStatus
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.cloudflare_facts import CloudflareFacts
from cfscim.verify.directory import named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.reading import Dependent, Unreadable, existing
from cfscim.verify.report import Question, Verdict, fails, holds, not_yet, same

_KNOWN = {id_: name for name, id_ in PERMISSION_GROUP_IDS.items()}


def token_questions(
    config: ScimConfig,
    outputs: StackOutputs,
    facts: CloudflareFacts,
    now: datetime,
    longest: timedelta,
) -> Iterator[Question]:
    """Everything about the token, and the guide's Test Connection with it.

    `longest`: how long the identity provider takes at most to use a token that it was given.
    """
    link = CloudflareLinks.of(config).tokens
    checks = _Token(config, outputs, facts, now, longest)
    for id_, title, expected, ask in (
        ("valid", "token is accepted", "active", checks.valid),
        ("used", "token is in use", "used since it was made", checks.used),
        ("name", "token's name", config.token.name, checks.name),
        ("only", "no other token of this name", "none", checks.only),
        ("permissions", "token's permissions", named(checks.permissions), checks.granted),
        ("account", "token's resources", f"account {config.account.id} only", checks.resources),
        ("restrictions", "token's restrictions", checks.networks, checks.restrictions),
        ("expiry", "token's end", config.token.expires_on_text or "never", checks.expiry),
    ):
        yield Question(f"cloudflare.token.{id_}", title, expected, link, ask)
    yield Question(
        "cloudflare.scim.endpoint",
        "SCIM endpoint answers with the token (Test Connection)",
        "answers",
        link,
        checks.endpoint,
    )


def of_another_account(config: ScimConfig, outputs: StackOutputs) -> Question | None:
    """Where the stack file names another account than the stack was made for, no other question is
    worth asking: what the stack has is protected, and no update moves it."""
    made_for = outputs.scim_base_url.removesuffix("/scim/v2").rpartition("/")[2]
    named_now = config.account.id
    if made_for == named_now:
        return None

    def verdict() -> Verdict:
        back = actions.config("account.id", made_for)
        text = f"{back.text} (another account is a stack of its own: `cfscim init`)"
        return fails(
            named_now,
            f"the stack was made for account {made_for}",
            Action(back.kind, text, back.about),
        )

    link = CloudflareLinks.of(config).members
    title = "the account of the stack"
    return Question("cloudflare.account", title, named_now, link, verdict)


class _Token:
    def __init__(
        self,
        config: ScimConfig,
        outputs: StackOutputs,
        facts: CloudflareFacts,
        now: datetime,
        longest: timedelta,
    ) -> None:
        self._config = config
        self._outputs = outputs
        self._facts = facts
        self._now = now
        self._longest = longest
        self._wanted = TOKEN_PERMISSIONS[config.token.owner]
        self._by_api = (
            config.identity_provider.kind == "okta" and not config.identity_provider.by_hand
        )
        self.permissions = sorted(self._wanted)
        self.networks = named(sorted(config.token.allowed_cidrs)) or "from everywhere"

    def valid(self) -> Verdict:
        """Cloudflare accepts the value, as this token's; a token unused until now by its status."""
        expected = f"active, id {self._outputs.token_id}"
        token = self._facts.token.wait()
        if token is not None and token.status != "active":
            return fails(expected, token.status, *self._new)
        try:
            shown: TokenStatus = self._facts.shown.get()
        except Unreadable as error:
            if isinstance(error.error, Dependent) and token is not None:
                return holds(expected, "active, by its id; its value is not tried before its use")
            if error.kind not in ("unauthorized", "rejected"):
                raise
            return fails(expected, "Cloudflare does not know the token's value", *self._renew())
        if shown.id != self._outputs.token_id:
            actual = f"the value is that of token {shown.id}"
            return fails(expected, actual, *self._new)
        if shown.not_before is not None and shown.not_before > self._now:
            actual = f"not valid before {to_the_minute(shown.not_before)}"
            return fails(expected, actual, *self._new)
        if shown.status != "active":
            return fails(expected, shown.status, *self._new)
        return holds(expected, "active")

    def used(self) -> Verdict:
        """A token that nobody used was not handed over, or nothing was pushed with it yet."""
        expected, token = "used since it was made", self._token()
        if token.last_used_on is not None:
            return holds(expected, f"last used on {to_the_minute(token.last_used_on)}")
        by = token.issued_on + self._longest if token.issued_on else None
        if by is not None and self._now < by:
            wait = actions.wait_for("Okta") if self._by_api else actions.HAND_OVER
            return not_yet(expected, "never used", by, wait)
        print_ = token_fingerprint(self._outputs.token_value.get_secret_value())
        whose = f"the token of fingerprint {print_}"
        why = f"the identity provider does not have {whose}"
        if self._by_api:
            why = f"Okta has pushed nothing since it was given {whose}"
        return fails(expected, f"never used: {why}", self._use)

    def name(self) -> Verdict:
        """Whether the token has the config's name."""
        return same(self._config.token.name, self._token().name, actions.REFRESH)

    def only(self) -> Verdict:
        """A lost answer makes a provider ask again, and Cloudflare lets tokens' names repeat; a
        previous token that was kept for the hand-over is one too, and expected until then."""
        others = [token for token in self._facts.tokens.get() if token.id != self._outputs.token_id]
        twins = sorted(
            (token for token in others if token.name == self._config.token.name),
            key=lambda token: token.id,
        )
        if not twins:
            return holds("none", warning=_beside(others))
        used = self._facts.token.wait()
        if self._config.token.keep_previous:
            shown = named(
                f"{token.id} (kept by token.keepPrevious, last used "
                f"{to_the_minute(token.last_used_on) if token.last_used_on else 'never'})"
                for token in twins
            )
            in_use = used is not None and used.last_used_on is not None
            end = "take token.keepPrevious out again; the update after it ends the previous one"
            return holds(
                "none but those kept for the hand-over",
                shown,
                warning=f"the new token is in use: {end}" if in_use else "",
            )
        ids = [token.id for token in twins]
        text = f"delete {named(ids)}, if nothing uses it"
        return fails("none", named(ids), Action(Act.CLOUDFLARE_END_CREDENTIAL, text, tuple(ids)))

    def granted(self) -> Verdict:
        """Whether the token has exactly its owner's permissions, each on its kind of resource."""
        permissions = sorted(
            self._shown(policy, group)
            for policy in self._token().policies
            for group in policy.permission_groups
        )
        lacking = [name for name in self.permissions if name not in permissions]
        beyond = [name for name in permissions if name not in self.permissions]
        if not lacking and not beyond and len(permissions) == len(self.permissions):
            return holds(named(self.permissions))
        parts = [f"without {named(lacking)}"] * bool(lacking)
        parts += [f"also {named(beyond)}"] * bool(beyond)
        parts += [] if parts else [f"given more than once: {named(permissions)}"]
        return fails(named(self.permissions), "; ".join(parts), actions.REFRESH)

    def resources(self) -> Verdict:
        """Whether the token covers this account, a user's token also the user, and no more."""
        wanted = {account_resource(self._config.account.id)}
        expected = f"account {self._config.account.id} only"
        if self._config.token.owner == "user":
            user = self._facts.user.get()
            wanted.add(f"{USER_SCOPE}.{user.id if user else '?'}")
            expected += ", and the token's own user"
        scopes = {
            key if value == "*" else f"{key} ({value})"
            for policy in self._token().policies
            for key, value in policy.resources.items()
        }
        if scopes == wanted:
            return holds(expected)
        return fails(expected, named(sorted(scopes)) or "none", actions.REFRESH)

    def restrictions(self) -> Verdict:
        """Whether the token's networks and its first day are those of the config."""
        token = self._token()
        address = token.condition.request_ip if token.condition else None
        allowed = sorted(address.allowed or ()) if address else []
        parts = []
        if set(allowed) != set(self._config.token.allowed_cidrs):
            parts.append(f"accepted from {named(allowed) or 'everywhere'}")
        if address and address.not_in:
            parts.append(f"refused from {named(address.not_in)}")
        if token.not_before is not None and token.not_before > self._now:
            parts.append(f"not before {rfc_3339(token.not_before)}")
        if not parts:
            return holds(self.networks)
        # Cloudflare keeps a restriction that an update leaves out; only a new token is without.
        stays = not self._config.token.allowed_cidrs or bool(address and address.not_in)
        kept = stays or token.not_before is not None
        advice = self._new if kept else (actions.REFRESH,)
        return fails(self.networks, "; ".join(parts), *advice)

    def expiry(self) -> Verdict:
        """It ends as declared, and not within the week; the days are warned of before."""
        declared = self._config.token.expires_on
        expected = self._config.token.expires_on_text or "never"
        ends = self._token().expires_on
        if ends is None:
            if declared is None:
                return holds(expected)
            return fails(expected, "never ends", actions.REFRESH)
        near = judge_expiry(ends, self._now)
        text = f"{rfc_3339(ends)}, " + ("which is over" if near.over else near.distance)
        if declared is None:
            return fails(expected, text, *self._new)
        if ends != declared:
            return fails(expected, text, actions.REFRESH)
        if not near.right:
            soon = "" if near.over else f": provisioning stops within {near.urgent} days"
            return fails(expected, text + soon, actions.EXTEND, self._use)
        if near.warn is None:
            return holds(expected, text)
        warning = f"the token ends within {near.warn} days ({text}), and provisioning then stops"
        return holds(expected, f"{text}: renew it soon", warning=warning)

    def endpoint(self) -> Verdict:
        """Whether the account's SCIM endpoint answers to the token."""
        expected = f"{scim_base_url(self._config)} answers"
        try:
            self._facts.probe.get()
        except Unreadable as error:
            if error.kind not in ("unauthorized", "forbidden", "not found", "rejected"):
                raise
            return fails(expected, error.what, *self._renew(forbidden=error.kind == "forbidden"))
        return holds(expected)

    @property
    def _use(self) -> Action:
        """What has the identity provider use a token: Okta tries none that it is given by API (R),
        and pushes only what changes."""
        if not self._by_api:
            return actions.HAND_OVER
        return actions.push_now(group_name(self._config, next(iter(self._config.roles))))

    @property
    def _new(self) -> tuple[Action, ...]:
        """Another token, and its use."""
        return (actions.ROTATE, self._use)

    def _renew(self, *, forbidden: bool = False) -> tuple[Action, ...]:
        """Another token. A user's is worth what its user may do, who may have left. One that is
        gone the next update makes anew by itself."""
        if forbidden and self._config.token.owner == "user":
            return (actions.config("token.owner", "account"), actions.UPDATE, self._use)
        try:
            gone = self._facts.token.get() is None
        except Unreadable:
            gone = False
        return (actions.UPDATE, self._use) if gone else self._new

    def _shown(self, policy: TokenPolicy, group: PermissionGroup) -> str:
        """The permission's name; with what is odd about it, so that it differs from the name."""
        name = _KNOWN.get(group.id) or group.name or group.id
        kind = "user" if all(key.startswith(USER_SCOPE) for key in policy.resources) else "account"
        if policy.effect != "allow":
            return f"{policy.effect} {name}"
        return name if self._wanted.get(name, kind) == kind else f"{name} on the {kind}"

    def _token(self) -> ApiToken:
        why = f"there is no token {self._outputs.token_id}"
        return existing(self._facts.token, why, "cloudflare.token.valid")


def _beside(others: Iterable[ApiToken]) -> str:
    """Whoever has another token of SCIM's may give roles too, by no group of the stack's."""
    provisioning = named(
        f'"{token.name}" ({token.id})'
        for token in others
        if token.status == "active"
        and PERMISSION_GROUP_IDS[SCIM_PROVISIONING] in token.permission_ids
    )
    return f"another token may provision people too: {provisioning}" if provisioning else ""

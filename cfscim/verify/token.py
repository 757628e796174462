"""Is the API token exactly as declared, and does Cloudflare accept it?

Source: guide, "Create an API token"; Cloudflare's API token pages (verify, policies, conditions).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from cfscim.config.models import ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.config.roles import PERMISSION_GROUP_IDS
from cfscim.config.warnings import SOON
from cfscim.vendors.cloudflare.models import ApiToken, PermissionGroup, TokenPolicy, TokenStatus
from cfscim.verify.cloudflare_facts import CloudflareFacts
from cfscim.verify.directory import named
from cfscim.verify.links import CloudflareLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.question import Dependent, Question, Verdict, fails, holds, same
from cfscim.verify.reading import Unreadable

ACCOUNT_SCOPE = "com.cloudflare.api.account"
USER_SCOPE = "com.cloudflare.api.user"
URGENT = 7
"""Days before its end from which a token no longer counts as all right."""

PERMISSIONS: Mapping[str, Mapping[str, str]] = {
    "account": {"SCIM Provisioning": "account"},
    "user": {
        "Account Settings Read": "account",
        "Account Settings Write": "account",
        "Memberships Read": "user",
        "Memberships Write": "user",
    },
}
"""By the token's owner: each permission (guide's table), and the kind of resource it is for."""

_KNOWN = {id_: name for name, id_ in PERMISSION_GROUP_IDS.items()}
_RUN = "run `pulumi up --refresh`"
_TWIN = (
    "run `pulumi up`, which deletes the twin that a lost answer left within the last day; any "
    "other: delete it in the dashboard if nothing uses it"
)
_NEW = "change token.rotation and run `pulumi up`, then give the identity provider the new token"


def token_questions(
    config: ScimConfig, outputs: StackOutputs, facts: CloudflareFacts, now: datetime
) -> Iterator[Question]:
    """Everything about the token, and the guide's Test Connection with it."""
    link = CloudflareLinks.of(config).tokens
    checks = _Token(config, outputs, facts, now)
    for id_, title, expected, ask in (
        ("valid", "token is accepted", "active", checks.valid),
        ("name", "token's name", config.token.name, checks.name),
        ("only", "no other token of this name", "none", checks.only),
        ("permissions", "token's permissions", named(checks.permissions), checks.granted),
        ("account", "token's resources", f"account {config.account.id} only", checks.resources),
        ("restrictions", "token's restrictions", checks.networks, checks.restrictions),
        ("expiry", "token's end", config.token.expires_on_text or "never", checks.expiry),
    ):
        yield Question(f"cloudflare.token.{id_}", "Cloudflare", title, expected, link, ask)
    yield Question(
        "cloudflare.scim.endpoint",
        "Cloudflare",
        "SCIM endpoint answers with the token (Test Connection)",
        "answers",
        link,
        checks.endpoint,
    )


class _Token:
    def __init__(
        self, config: ScimConfig, outputs: StackOutputs, facts: CloudflareFacts, now: datetime
    ) -> None:
        self._config = config
        self._outputs = outputs
        self._facts = facts
        self._now = now
        self._wanted = PERMISSIONS[config.token.owner]
        self.permissions = sorted(self._wanted)
        self.networks = named(sorted(config.token.allowed_cidrs)) or "from everywhere"

    def valid(self) -> Verdict:
        expected = f"active, id {self._outputs.token_id}"
        try:
            shown: TokenStatus = self._facts.shown.get()
        except Unreadable as error:
            if getattr(error.error, "kind", "") not in ("unauthorized", "rejected"):
                raise
            return fails(expected, "Cloudflare does not know the token's value", _NEW)
        if shown.id != self._outputs.token_id:
            return fails(expected, f"the value is that of token {shown.id}", _RUN)
        if shown.not_before is not None and shown.not_before > self._now:
            return fails(expected, f"not valid before {shown.not_before:%Y-%m-%d %H:%M} UTC", _NEW)
        if shown.status != "active":
            return fails(expected, shown.status, _NEW)
        return holds(expected, "active")

    def name(self) -> Verdict:
        return same(self._config.token.name, self._token().name, _RUN)

    def only(self) -> Verdict:
        # A lost answer makes a provider ask again, and Cloudflare lets tokens' names repeat.
        twins = sorted(
            token.id
            for token in self._facts.tokens.get()
            if token.name == self._config.token.name and token.id != self._outputs.token_id
        )
        if not twins:
            return holds("none")
        return fails("none", named(twins), _TWIN)

    def granted(self) -> Verdict:
        found = sorted(
            self._shown(policy, group)
            for policy in self._token().policies
            for group in policy.permission_groups
        )
        lacking = [name for name in self.permissions if name not in found]
        beyond = [name for name in found if name not in self.permissions]
        if not lacking and not beyond and len(found) == len(self.permissions):
            return holds(named(self.permissions))
        parts = [f"without {named(lacking)}"] * bool(lacking)
        parts += [f"also {named(beyond)}"] * bool(beyond)
        parts += [] if parts else [f"given more than once: {named(found)}"]
        return fails(named(self.permissions), "; ".join(parts), _RUN)

    def resources(self) -> Verdict:
        account = f"{ACCOUNT_SCOPE}.{self._config.account.id}"
        wanted = {account}
        expected = f"account {self._config.account.id} only"
        if self._config.token.owner == "user":
            user = self._facts.user.get()
            wanted.add(f"{USER_SCOPE}.{user.id if user else '?'}")
            expected += ", and the token's own user"
        found = {
            key if value == "*" else f"{key} ({value})"
            for policy in self._token().policies
            for key, value in policy.resources.items()
        }
        if found == wanted:
            return holds(expected)
        return fails(expected, named(sorted(found)) or "none", _RUN)

    def restrictions(self) -> Verdict:
        token = self._token()
        address = token.condition.request_ip if token.condition else None
        allowed = sorted(address.allowed or ()) if address else []
        parts = []
        if set(allowed) != set(self._config.token.allowed_cidrs):
            parts.append(f"accepted from {named(allowed) or 'everywhere'}")
        if address and address.not_in:
            parts.append(f"refused from {named(address.not_in)}")
        if token.not_before is not None and token.not_before > self._now:
            parts.append(f"not before {token.not_before:%Y-%m-%dT%H:%M:%SZ}")
        return fails(self.networks, "; ".join(parts), _RUN) if parts else holds(self.networks)

    def expiry(self) -> Verdict:
        declared = self._config.token.expires_on
        expected = self._config.token.expires_on_text or "never"
        found = self._token().expires_on
        if found is None:
            return holds(expected) if declared is None else fails(expected, "never ends", _RUN)
        days = (found - self._now).days
        text = f"{found.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}, " + (
            f"in {days} days" if found > self._now else "which is over"
        )
        if declared is None or found != declared:
            return fails(expected, text, _RUN)
        if found <= self._now or days < URGENT:
            return fails(expected, text, f"write a later token.expiresOn; {_NEW}")
        return holds(expected, text + (": renew it soon" if days <= SOON else ""))

    def endpoint(self) -> Verdict:
        expected = f"{scim_base_url(self._config)} answers"
        if self._outputs.scim_base_url != scim_base_url(self._config):
            found = f"the stack was made for {self._outputs.scim_base_url}"
            return fails(expected, found, "run `pulumi up`")
        try:
            self._facts.probe.get()
        except Unreadable as error:
            kind = getattr(error.error, "kind", "")
            if kind not in ("unauthorized", "forbidden", "not found", "rejected"):
                raise
            return fails(expected, str(error.error).split("; ")[0], _NEW)
        return holds(expected)

    def _shown(self, policy: TokenPolicy, group: PermissionGroup) -> str:
        """The permission's name; with what is odd about it, so that it differs from the name."""
        name = _KNOWN.get(group.id) or group.name or group.id
        kind = "user" if all(key.startswith(USER_SCOPE) for key in policy.resources) else "account"
        if policy.effect != "allow":
            return f"{policy.effect} {name}"
        return name if self._wanted.get(name, kind) == kind else f"{name} on the {kind}"

    def _token(self) -> ApiToken:
        token = self._facts.token.get()
        if token is None:
            raise Unreadable(
                Dependent(
                    f"there is no token {self._outputs.token_id}",
                    "see cloudflare.token.valid",
                )
            )
        return token

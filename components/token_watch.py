"""Notices that the stack's token has ended, so that the next update makes a new one.

The engine compares with its state and asks nobody: a token that expired, was revoked or was deleted
would go unnoticed by `pulumi up`. This stands before the token, asks in every preview and update
how it is, and counts; the token is replaced when the number changes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pulumi
from pulumi.dynamic import CheckResult, Resource

from cfscim.config.facts import TOKEN_PERMISSIONS, token_trigger
from cfscim.config.messages import PROJECT
from cfscim.config.roles import PERMISSION_GROUP_IDS
from components.rest_resource import Props, RepeatedProvider, owner_of, texts

if TYPE_CHECKING:
    from cfscim.config.models import ScimConfig
    from cfscim.vendors.cloudflare.models import ApiToken


class TokenWatchProvider(RepeatedProvider):
    """Reads tokens, writes nothing. `names`: every name that the token had; `others`: the ids of
    tokens from before it; `own`: its id, as soon as it is the only one that it can be; `ended`: how
    many of the stack's tokens have ended. No difference by itself is `own`, which the engine notes
    among the inputs all the same (C: sameSnapshotMutation.mustWrite)."""

    declared = ("accountId", "owner", "names", "trigger", "expiresOn", "others", "ended")
    id_form = "{accountId}/token-watch"

    def check(self, olds: Props, news: Props) -> CheckResult:
        """Adds to the inputs what the account shows, so that a preview has it too."""
        names = [*dict.fromkeys([*texts(olds.get("names")), *texts(news.get("names"))])]
        others, ended = texts(olds.get("others")), int(float(str(olds.get("ended") or 0)))
        known = str(olds.get("own") or "")
        # At first all count as the stack's: its token may have been there before this resource.
        tokens = self._tokens(news, names, known) if olds.get("accountId") else None
        if tokens is not None:
            # A changed token is replaced anyway: what is there by now is not the next one.
            same = all(olds.get(key) == news[key] for key in ("accountId", "owner", "trigger"))
            own = [token for token in tokens if token.id not in others]
            # One that was renamed by hand is told by what it may do.
            own = [token for token in own if token.name in names] or own
            own = [token for token in own if token.id == known] if known else own
            over = all(_is_over(token.status) for token in own)
            known = known or (own[0].id if len(own) == 1 else "")
            if not same or (over and not _is_past(news["expiresOn"])):
                others, known = sorted(token.id for token in tokens), ""
                ended += 1 if same else 0
        seen = {"names": names, "others": others, "own": known, "ended": ended}
        return super().check(olds, {**news, **seen})

    def done(self, props: Props) -> Props:
        """Keeps what `check` saw."""
        return self.kept(props)

    def _tokens(self, props: Props, names: Sequence[str], own: str) -> "list[ApiToken] | None":
        """The stack's own, and tokens that have such a name or may do what the stack's may; None
        where they cannot be listed."""
        from cfscim.vendors.errors import AnswerError

        owner = owner_of(props["owner"])
        try:
            listed = self.cloudflare().tokens(str(props["accountId"]), owner)
        except AnswerError as error:
            if error.kind not in ("forbidden", "not found"):
                raise
            return None
        wanted = {PERMISSION_GROUP_IDS[name] for name in TOKEN_PERMISSIONS[owner]}
        return [
            token
            for token in listed
            if token.id == own or token.name in names or wanted == token.permission_ids
        ]


def _is_over(status: str) -> bool:
    return status == "expired" or status.startswith("revoked")


def _is_past(expires_on: object) -> bool:
    """Whether a new token would be over as well: then only another date helps."""
    return bool(expires_on) and datetime.fromisoformat(str(expires_on)) <= datetime.now(UTC)


class TokenWatch(Resource, module=PROJECT, name="TokenWatch"):
    """In: the stack's config. Out: `ended`."""

    ended: pulumi.Output[float]

    def __init__(
        self, name: str, config: "ScimConfig", opts: pulumi.ResourceOptions | None = None
    ) -> None:
        props = {
            "accountId": config.account.id,
            "owner": config.token.owner,
            "names": [config.token.name],
            "trigger": token_trigger(config),
            "expiresOn": config.token.expires_on_text or "",
            "others": [],
            "ended": 0,
        }
        super().__init__(TokenWatchProvider(), name, props, opts)

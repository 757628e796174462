"""Ends the stack's tokens: the replaced one at the end of an update, with `keepPrevious` later.

The provider cannot delete a token that is gone, and the update that makes a new one in its place
would fail at its end (C: AccountTokenResource.Delete). So the engine forgets tokens, and this ends
them: what is gone needs nothing.
"""

from collections.abc import Iterable

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider, owner_of, texts


class PreviousTokenProvider(RestProvider):
    """Keeps ids, never a value. State: the declared inputs, and `previous`, tokens to end later;
    one of another owner has it before its id, as in `user/<id>`."""

    declared = ("accountId", "owner", "tokenId", "keepPrevious")

    def create(self, props: Props) -> CreateResult:
        """Nothing is previous yet."""
        kept = {**self.kept(props), "previous": []}
        return CreateResult(f"{props['accountId']}/previous-token", kept)

    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Without `keepPrevious` another token is a replacement: the engine then deletes the former
        one's keeper last, once the new token was handed over."""
        difference = super().diff(_id, olds, news)
        if not news["keepPrevious"] and olds.get("tokenId") != news["tokenId"]:
            difference.replaces = ["tokenId"]
        return difference

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """With `keepPrevious` the former token lives on. Without it again, the previous ones are
        ended: raises `ScimError` while nobody has used the present token."""
        previous = texts(olds.get("previous"))
        if olds["owner"] != news["owner"]:
            previous = [id_ if "/" in id_ else f"{olds['owner']}/{id_}" for id_ in previous]
        if olds["tokenId"] != news["tokenId"]:
            of_another = olds["owner"] != news["owner"]
            former = str(olds["tokenId"])
            previous.append(f"{olds['owner']}/{former}" if of_another else former)
        if previous and not news["keepPrevious"]:
            self._refuse_unused(news, previous)
            self._end(news, previous)
            previous = []
        return UpdateResult({**self.kept(news), "previous": previous})

    def delete(self, _id: str, props: Props) -> None:
        """Ends the token and what is previous to it: it was replaced, or the stack goes."""
        self._end(props, [*texts(props.get("previous")), str(props["tokenId"])])

    def _refuse_unused(self, props: Props, previous: Iterable[str]) -> None:
        from cfscim.config.messages import ScimError

        account, owner = str(props["accountId"]), owner_of(props["owner"])
        token = self.cloudflare().find_token(account, owner, str(props["tokenId"]))
        if token is not None and token.last_used_on is None and token.status == "active":
            raise ScimError(
                f"token {token.name}",
                "nobody has signed in with it yet",
                f"the previous token ({', '.join(previous)}) is all that the identity provider "
                "has, and provisioning would stop with it",
                "hand the new value over (`cfscim steps`), wait for a provisioning "
                "cycle, and run the update again",
            )

    def _end(self, props: Props, ended: Iterable[str]) -> None:
        account, client = str(props["accountId"]), self.cloudflare()
        for token in ended:
            owner, _, id_ = token.rpartition("/")
            client.delete_token(account, owner_of(owner or props["owner"]), id_)


class PreviousToken(Resource, module=PROJECT, name="PreviousToken"):
    """In: the account, the token's owner, the present token's id, and whether a replaced one lives
    on for a while."""

    def __init__(
        self,
        name: str,
        account: str,
        owner: str,
        token_id: pulumi.Input[str],
        keep_previous: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {
            "accountId": account,
            "owner": owner,
            "tokenId": token_id,
            "keepPrevious": keep_previous,
            "previous": [],
        }
        super().__init__(PreviousTokenProvider(), name, props, opts)

"""The token before the present one, while `token.keepPrevious` lets it live: ended with the key.

A rotation under `keepPrevious` leaves the replaced token at Cloudflare and out of the engine's
state. Its id is kept here, so that the change which takes `keepPrevious` out ends it, and not
before somebody has signed in with the present token.
"""

import pulumi
from pulumi.dynamic import CreateResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider, texts


class PreviousTokenProvider(RestProvider):
    """Keeps ids, never a value. State: the declared inputs, and `previous`, the tokens to end."""

    declared = ("accountId", "owner", "tokenId")

    def create(self, props: Props) -> CreateResult:
        """Nothing is previous yet."""
        kept = {**self.kept(props), "previous": []}
        return CreateResult(f"{props['accountId']}/previous-token", kept)

    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """The token was replaced: the former one lives on, and is to be ended later."""
        previous = texts(olds.get("previous"))
        if olds["tokenId"] != news["tokenId"]:
            previous.append(str(olds["tokenId"]))
        return UpdateResult({**self.kept(news), "previous": previous})

    def delete(self, _id: str, props: Props) -> None:
        """Ends the previous tokens. Raises `ScimError` while nobody has used the present token."""
        from cfscim.config.messages import ScimError

        account, present = str(props["accountId"]), str(props["tokenId"])
        previous = texts(props.get("previous"))
        owner = "user" if props["owner"] == "user" else "account"
        if not previous:
            return
        client = self.cloudflare()
        token = client.find_token(account, owner, present)
        # Where the stack goes, the present token is gone already or was never handed over.
        if token is not None and token.last_used_on is None and token.status == "active":
            raise ScimError(
                f"token {token.name}",
                "nobody has signed in with it yet",
                f"the previous token ({', '.join(previous)}) is all that the identity provider "
                "has, and provisioning would stop with it",
                "hand the new value over (`cfscim steps`), wait for a provisioning "
                "cycle, and run the update again",
            )
        for ended in previous:
            client.delete_token(account, owner, ended)


class PreviousToken(Resource, module=PROJECT, name="PreviousToken"):
    """In: the account, the token's owner and the present token's id."""

    def __init__(
        self,
        name: str,
        account: str,
        owner: str,
        token_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"accountId": account, "owner": owner, "tokenId": token_id, "previous": []}
        super().__init__(PreviousTokenProvider(), name, props, opts)

"""Looks for further saved keys before the credentials are saved, and changes nothing.

With a further key the provider waits for the number of keys until its time-out
(terraform-provider-azuread #1013).
"""

import pulumi
from pulumi.dynamic import CreateResult, ReadResult, Resource, UpdateResult

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RestProvider


class EntraSavedKeysProvider(RestProvider):
    """Fails the update where Entra keeps keys that are not ours. Source: Graph, GET secrets."""

    declared = ("servicePrincipalId", "credentials")
    replace_on = ("servicePrincipalId",)

    def create(self, props: Props) -> CreateResult:
        """Raises `NotAsDeclaredError` naming each further key and how it is removed."""
        return CreateResult(f"{props['servicePrincipalId']}/keys", self._looked(props))

    def update(self, _id: str, _olds: Props, news: Props) -> UpdateResult:
        """Looks again: the credentials are about to be saved anew."""
        return UpdateResult(self._looked(news))

    def read(self, id_: str, props: Props) -> ReadResult:
        """A look is an event; there is nothing to refresh."""
        return ReadResult(id_, self.kept(props))

    def delete(self, _id: str, _props: Props) -> None:
        """Nothing was changed, so there is nothing to undo."""

    def _looked(self, props: Props) -> Props:
        from cfscim.vendors.entra.saved_keys import described, further_keys, removal
        from cfscim.vendors.errors import NotAsDeclaredError

        principal = str(props["servicePrincipalId"])
        graph = self.graph()
        further = further_keys(graph.secrets(principal, settle=True))
        base = graph.base
        if further:
            raise NotAsDeclaredError(
                "Microsoft Graph synchronization/secrets",
                f"a further key is saved: {', '.join(described(key) for key in further)}",
                why="the provider would wait for the number of keys until its time-out",
                instead=f"remove it, then run again: {removal(base, principal, further)}",
            )
        return self.kept(props)


class EntraSavedKeys(Resource, module=PROJECT, name="EntraSavedKeys"):
    """In: service principal, and what marks the credentials that will be saved next."""

    def __init__(
        self,
        name: str,
        service_principal_id: pulumi.Input[str],
        credentials: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        props = {"servicePrincipalId": service_principal_id, "credentials": credentials}
        super().__init__(EntraSavedKeysProvider(), name, props, opts)

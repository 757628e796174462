"""Looks for further saved keys before the credentials are saved, and changes nothing.

With a further key the provider waits for the number of keys until its time-out
(terraform-provider-azuread #1013).
"""

import pulumi
from pulumi.dynamic import Resource

from cfscim.config.messages import PROJECT
from components.rest_resource import Props, RepeatedProvider


class EntraSavedKeysProvider(RepeatedProvider):
    """Fails the update where Entra keeps keys that are not ours. Source: Graph, GET secrets."""

    declared = ("servicePrincipalId", "credentials")
    replace_on = ("servicePrincipalId",)
    id_form = "{servicePrincipalId}/keys"

    def done(self, props: Props) -> Props:
        """Raises `NotAsDeclaredError` naming each further key and how it is removed."""
        from cfscim.vendors.entra.jobs import described, further_keys, removal
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

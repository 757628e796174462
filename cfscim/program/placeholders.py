"""Stand-ins for what only a vendor could answer, so that the program runs without one.

How they read is in `cfscim/config/stand_ins.py`.
"""

from collections.abc import Mapping

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks
from pulumi.runtime.proto import resource_pb2

from cfscim.config import kinds
from cfscim.config.facts import ACCOUNT_SCOPE, account_resource
from cfscim.config.kinds import ACCOUNT_TOKENS, ENTRA_APP, ENTRA_GROUP, USER_TOKENS
from cfscim.config.roles import PERMISSION_GROUP_IDS, ROLES
from cfscim.config.stand_ins import PERMISSION_GROUP, USER, looked_up, output_of
from cfscim.program.monitor import RecordingMonitor

# The outputs our components use beyond the id and the inputs.
_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    ACCOUNT_TOKENS: ("value",),
    USER_TOKENS: ("value",),
    ENTRA_APP: (
        "applicationId",
        "applicationObjectId",
        "servicePrincipalId",
        "servicePrincipalObjectId",
    ),
    ENTRA_GROUP: ("objectId",),
}


class Placeholders(Mocks):
    """Answers every resource and every look-up with a placeholder; asks nobody."""

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, object]]:
        """The inputs as they are, plus the id and the outputs our components read."""
        outputs = {**args.inputs, **_outputs(args.typ, args.name)}
        return (output_of(args.name, "id") if args.custom else ""), outputs

    def call(  # pyright: ignore[reportIncompatibleMethodOverride] - failures may be left out
        self, args: MockCallArgs
    ) -> dict[str, object]:
        """Exactly what the program will look for, by name; raises on a look-up it lacks."""
        match args.token:
            case kinds.ACCOUNT_TOKEN_POWERS | kinds.USER_TOKEN_POWERS:
                return {"results": [_named(n) for n in PERMISSION_GROUP_IDS]}
            case kinds.ROLE_POWERS:
                return {"results": [_named(role.value) for role in ROLES]}
            case kinds.ACCOUNT_AS_RESOURCE:
                return {"results": [_account_resource_group(str(args.args["accountId"]))]}
            case kinds.TOKEN_USER:
                return {"id": looked_up(USER, "owner of the provider's token")}
            case kinds.OKTA_PEOPLE:
                return {"users": [_okta_user(search) for search in args.args["searches"]]}
            case kinds.ENTRA_PEOPLE:
                return {"users": [_entra_user(mail) for mail in args.args["mails"]]}
        raise LookupError(f"the program looks up {args.token}, for which there is no placeholder")


class PlanMonitor(RecordingMonitor):
    """Answers with `Placeholders`, at once: a resource's inputs are not taken apart and put
    together again, which is a good part of a plan's time."""

    answers_at_once = True

    def __init__(self) -> None:
        super().__init__(Placeholders())

    def register(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """The inputs as they are, plus the id and the outputs our components read."""
        id_ = output_of(request.name, "id") if request.custom else ""
        urn = self.make_urn(request.parent, request.type, request.name)
        response = resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=request.object)
        for key, value in _outputs(request.type, request.name).items():
            response.object.fields[key].string_value = value
        return response


def _outputs(type_: str, name: str) -> dict[str, str]:
    return {key: output_of(name, key) for key in _OUTPUTS.get(type_, ())}


def _named(name: str) -> dict[str, object]:
    return {"id": looked_up(PERMISSION_GROUP, name), "name": name, "scopes": [ACCOUNT_SCOPE]}


def _account_resource_group(account: str) -> dict[str, object]:
    scope = {"key": account_resource(account), "objects": [{"key": "*"}]}
    return {
        "id": looked_up("resource group", f"account {account}"),
        "name": account,
        "scopes": [scope],
    }


def _okta_user(search: Mapping[str, str]) -> dict[str, object]:
    mail = search["value"]
    return {"id": looked_up(USER, mail), "email": mail, "status": "ACTIVE"}


def _entra_user(mail: str) -> dict[str, object]:
    return {"objectId": looked_up(USER, mail), "mail": mail}

"""Pulumi's own in-process test monitor, which also writes down what it is asked to register."""

from google.protobuf.struct_pb2 import Struct
from google.protobuf.struct_pb2 import Value as ProtoValue
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, Mocks
from pulumi.runtime.proto import resource_pb2

from cfscim.config.credentials import MASK
from cfscim.config.kinds import SERIALISED, STACK
from cfscim.program.registrations import Declared, Options, Registration, Value

_SIGNATURE = {key: sign for key, sign in rpc.wrap_rpc_secret(None).items() if key != "value"}
"""What Pulumi marks a secret with, beside its value."""


class RecordingMonitor(MockMonitor):
    """Records every registration, then lets `mocks` answer as the provider would.

    `answers_at_once`: whether no answer is waited for, so that no thread is needed for it.
    """

    answers_at_once = False

    def __init__(self, mocks: Mocks) -> None:
        super().__init__(mocks)
        self.declared = Declared()

    def RegisterResource(  # noqa: N802 - the engine's own name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Writes the resource down, and answers with its outputs; secret ones in envelopes."""
        if request.type != STACK:
            self.declared.resources.append(_registration(request))
        response = self.register(request)
        # The test monitor drops what the SDK declares secret; an engine would not.
        for key in request.additionalSecretOutputs:
            if key in response.object.fields:
                response.object.fields[key].CopyFrom(_secret(response.object.fields[key]))
        return response

    def register(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """What the resource is answered with."""
        return super().RegisterResource(request)

    def Invoke(  # noqa: N802 - the engine's own name
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        """Writes the look-up down, and answers it."""
        arguments = _plain_struct(request.args)
        self.declared.lookups.append((request.tok, arguments))
        answer = self.mocks.call(MockCallArgs(request.tok, arguments, request.provider))
        response = resource_pb2.ResourceInvokeResponse()
        getattr(response, "return").update(answer)
        return response

    def RegisterResourceOutputs(  # noqa: N802 - the engine's own name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ):
        """Writes the stack's own outputs down."""
        if _type_of(request.urn) == STACK:
            self.declared.outputs = _plain_struct(request.outputs)
        return super().RegisterResourceOutputs(request)


def _registration(request: resource_pb2.RegisterResourceRequest) -> Registration:
    parent = None if _type_of(request.parent) == STACK else _name_of(request.parent)
    inputs = _plain_struct(request.object)
    trigger = request.replacement_trigger if request.HasField("replacement_trigger") else None
    return Registration(
        type=request.type,
        name=request.name,
        parent=parent or None,
        inputs={key: value for key, value in inputs.items() if key != SERIALISED},
        options=Options(
            protect=request.protect,
            retain_on_delete=request.retainOnDelete,
            ignore_changes=tuple(request.ignoreChanges),
            depends_on=tuple(sorted({_name_of(urn) for urn in request.dependencies})),
            replacement_trigger=None if trigger is None else _plain(trigger),
            replace_on_changes=tuple(request.replaceOnChanges),
            aliases=tuple(alias.spec.name for alias in request.aliases if alias.spec.name),
        ),
        custom=request.custom,
        fed_by={
            key: tuple(sorted({_name_of(urn) for urn in sources.urns}))
            for key, sources in sorted(request.propertyDependencies.items())
            if sources.urns and key != SERIALISED
        },
    )


def _name_of(urn: str) -> str:
    return urn.split("::")[-1] if urn else ""


def _type_of(urn: str) -> str:
    return urn.split("::")[2].split("$")[-1] if urn else ""


def _secret(value: ProtoValue) -> ProtoValue:
    wrapped = Struct()
    wrapped.update(_SIGNATURE)
    wrapped.fields["value"].CopyFrom(value)
    return ProtoValue(struct_value=wrapped)


def _plain_struct(struct: Struct) -> dict[str, Value]:
    return {key: _plain(struct.fields[key]) for key in sorted(struct.fields)}


def _plain(value: ProtoValue) -> Value:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        fields = value.struct_value.fields
        if all(
            key in fields and fields[key].string_value == sign for key, sign in _SIGNATURE.items()
        ):
            return MASK
        return _plain_struct(value.struct_value)
    if kind == "list_value":
        return [_plain(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    if kind == "bool_value":
        return value.bool_value
    if kind == "string_value":
        return value.string_value
    return None

"""A stack's outputs as `pulumi stack output --json --show-secrets` prints them."""

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from cfscim.config import outputs
from cfscim.config.credentials import MASK
from cfscim.config.lanes import Lane, lanes
from cfscim.config.messages import MissingError
from cfscim.config.models import ScimConfig
from cfscim.config.roles import Role


class RoleGroup(BaseModel):
    """One role's groups: the identity provider's, and Cloudflare's where the program makes it."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    name: str = Field(alias=outputs.GROUP_NAME)
    identity_provider_group_id: str = Field(alias=outputs.IDP_GROUP_ID)
    cloudflare_group_id: str | None = Field(default=None, alias=outputs.CLOUDFLARE_GROUP_ID)


class WayOutputs(BaseModel):
    """What there is once for each way by which roles are given."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, hide_input_in_errors=True)

    application_id: str = Field(alias=outputs.APPLICATION_ID)
    role_groups: Mapping[Role, RoleGroup] = Field(alias=outputs.ROLE_GROUPS)
    push_mapping_ids: Mapping[Role, str] = Field(
        default_factory=dict, alias=outputs.PUSH_MAPPING_IDS
    )
    service_principal_id: str | None = Field(default=None, alias=outputs.SERVICE_PRINCIPAL_ID)
    synchronization_job_id: str | None = Field(default=None, alias=outputs.SYNCHRONIZATION_JOB_ID)

    @property
    def user_group_ids(self) -> dict[Role, str]:
        """Of each role that has one: the id of its User Group."""
        shown = {role: group.cloudflare_group_id for role, group in self.role_groups.items()}
        return {role: id_ for role, id_ in shown.items() if id_}


class StackOutputs(WayOutputs):
    """What `verify` needs of a stack's outputs; the token's value is a secret at once.

    `next`: while a move has two ways side by side, the new way's outputs.
    """

    scim_base_url: str = Field(alias=outputs.SCIM_BASE_URL)
    token_id: str = Field(alias=outputs.TOKEN_ID)
    token_value: SecretStr = Field(alias=outputs.TOKEN_VALUE)
    next: WayOutputs | None = Field(default=None, alias=outputs.NEXT_WAY)

    def of(self, lane: Lane, ways: tuple[Lane, ...]) -> "StackOutputs":
        """Those of a stack that has this way only; `ways`: those that the config declares."""
        if lane is ways[0]:
            return self.model_copy(update={"next": None})
        way = self.next
        assert way is not None
        return self.model_copy(
            update={**{key: getattr(way, key) for key in WayOutputs.model_fields}, "next": None}
        )

    @field_validator("token_value")
    @classmethod
    def _shown(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() in ("", MASK):
            raise ValueError("the token's value is hidden")
        return value


def read_outputs(text: str, config: ScimConfig, *, source: str) -> StackOutputs:
    """The outputs from JSON text. Raises `MissingError` naming what is absent, never a value."""
    try:
        value: object = json.loads(text)
    except ValueError:
        raise MissingError(
            source,
            "not JSON",
            "without the stack's outputs nothing can be looked for",
            f"give what `{outputs.PRINT_ALL}` prints",
        ) from None
    return parse_outputs(value, config, source=source)


def parse_outputs(value: object, config: ScimConfig, *, source: str) -> StackOutputs:
    """The outputs from the parsed JSON. Raises `MissingError`."""
    if not isinstance(value, Mapping) or not value:
        raise _missing(source, "there are no stack outputs", "run `pulumi up` first")
    try:
        parsed = StackOutputs.model_validate(value)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in problem["loc"])
        if field == outputs.TOKEN_VALUE and problem["type"] == "value_error":
            raise _missing(
                source, f"{outputs.TOKEN_VALUE} is hidden", f"print them with `{outputs.PRINT_ALL}`"
            ) from None
        raise _missing(
            source,
            f"{field} is missing or not as expected",
            f"give what `{outputs.PRINT_ALL}` prints",
        ) from None
    ways = lanes(config)
    if len(ways) > 1 and parsed.next is None:
        raise _missing(
            source,
            f"{outputs.NEXT_WAY}, the new way of the move, is missing",
            "run `pulumi up` first",
        )
    for lane in ways:
        _require_way(lane.config, parsed.of(lane, ways), source)
    return parsed


def _require_way(config: ScimConfig, stack_outputs: StackOutputs, source: str) -> None:
    absent = [role.value for role in config.roles if role not in stack_outputs.role_groups]
    if absent:
        raise _missing(
            source, f"{outputs.ROLE_GROUPS} lacks {', '.join(absent)}", "run `pulumi up` first"
        )
    if config.identity_provider.kind == "entra" and not (
        stack_outputs.service_principal_id and stack_outputs.synchronization_job_id
    ):
        raise _missing(
            source,
            f"{outputs.SERVICE_PRINCIPAL_ID} or {outputs.SYNCHRONIZATION_JOB_ID} is missing",
            "run `pulumi up` with this version of the program first",
        )


def _missing(source: str, what: str, instead: str) -> MissingError:
    return MissingError(source, what, "verify would not know what to look for", instead)

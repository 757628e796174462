"""The ways by which a stack gives its roles: one, or two side by side while a move is under way."""

from dataclasses import dataclass, replace

from cfscim.config.kinds import (
    NEXT,
    OF_A_ROLE,
    OF_OKTA_PUSH,
    OF_THE_APPLICATION,
    OF_THE_USERS_GROUP,
    OF_USER_GROUP,
    OKTA_ASSIGNMENTS_NAME,
    OKTA_USERS,
)
from cfscim.config.models import ScimConfig
from cfscim.config.roles import Role


@dataclass(frozen=True, eq=False)
class Lane:
    """One way: `config` is that of a stack which has this way only; `is_next`: the new way;
    `whole`: the stack's config, which says what may be removed, where it is another."""

    config: ScimConfig
    is_next: bool = False
    whole: ScimConfig | None = None

    def resource(self, kind: str, role: Role) -> str:
        """The logical name of a role's resource of this way."""
        return f"{role.resource(kind)}{self.suffix}"

    @property
    def suffix(self) -> str:
        """What names of this way end in."""
        return NEXT if self.is_next else ""

    def protects(self, resource: str) -> bool:
        """Whether a resource is protected; of a new way nothing is for removal, unless the move is
        given up."""
        if self.is_next:
            removals = self.whole.removals if self.whole is not None else ()
            return all(removal.what != "move" for removal in removals)
        return (self.whole or self.config).protects(resource)

    @property
    def to_protect(self) -> frozenset[str]:
        """The logical names of what this way declares and protects, were nothing for removal."""
        provider = self.config.identity_provider
        # In Okta nothing is assigned or pushed before somebody says that the console's part is done
        waits = {OF_OKTA_PUSH, OKTA_ASSIGNMENTS_NAME} if not provider.delivers else frozenset()
        of_a_role = [of for of in OF_A_ROLE if of.startswith(provider.kind) and of not in waits]
        if self.config.role_model == "userGroups":
            of_a_role.append(OF_USER_GROUP)
        beside = (OF_THE_USERS_GROUP | OF_THE_APPLICATION) - waits
        return frozenset(
            {self.resource(of, role) for role in self.config.roles for of in of_a_role}
            | {name for name in beside if name.startswith(provider.kind)}
        )

    @property
    def leaves_okta(self) -> bool:
        """Whether what assigns people to this way's Okta app may be removed: as long as it may,
        Okta must not deactivate in Cloudflare whom it unassigns."""
        return self.config.identity_provider.kind == "okta" and not all(
            self.protects(resource) for resource in (OKTA_USERS, OKTA_ASSIGNMENTS_NAME)
        )


def lanes(config: ScimConfig) -> tuple[Lane, ...]:
    """The ways that a config declares, the way in force first."""
    if config.move is None:
        return (Lane(config),)
    new = Lane(moved(config), is_next=True)
    if config.move.switched:
        return (new,)
    former = Lane(config.model_copy(update={"move": None}), whole=config)
    return former, replace(new, whole=config)


def primary(config: ScimConfig) -> ScimConfig:
    """The config of the way in force."""
    return lanes(config)[0].config


def moved(config: ScimConfig) -> ScimConfig:
    """What the config is once its move is done."""
    assert config.move is not None
    to = config.move.to
    new = {
        "role_model": to.role_model,
        "group_prefix": to.group_prefix,
        "identity_provider": to.identity_provider,
    }
    given = {key: value for key, value in new.items() if value is not None}
    return config.model_copy(update={**given, "move": None, "removals": ()})


def way_of(config: ScimConfig) -> tuple[str, str, str]:
    """What makes a way: model, prefix, identity provider."""
    return config.role_model, config.group_prefix, config.identity_provider.kind

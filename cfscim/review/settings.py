"""Which settings of a stack change, each with what it means to someone who knows no Pulumi."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic.alias_generators import to_snake

from cfscim.config.models import Part, ScimConfig
from cfscim.config.project import Settings
from cfscim.report.document import Code, Line

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]

NOT_GIVEN = "not given"


@dataclass(frozen=True)
class SettingChange:
    """One setting by its key path, its value before and after as text, and the meaning."""

    path: str
    old: str
    new: str
    meaning: str

    @property
    def is_now(self) -> Line:
        """`token.owner` is `user` (was `account`)."""
        return (Code(self.path), " is ", Code(self.new), " (was ", Code(self.old), ")")

    @property
    def old_to_new(self) -> Line:
        """`token.owner`: `account` → `user`."""
        return (Code(self.path), ": ", Code(self.old), " → ", Code(self.new))


def setting_changes(before: ScimConfig, after: ScimConfig) -> tuple[SettingChange, ...]:
    """Everything that differs except who has which role and who is in the users' group.

    With another identity provider only the provider itself is named: its settings have nothing
    to be compared with.
    """
    old, new = _settings(before), _settings(after)
    if before.identity_provider.kind != after.identity_provider.kind:
        both = ("identityProvider.kind",)
        old = {key: v for key, v in old.items() if key in both or not _of_provider(key)}
        new = {key: v for key, v in new.items() if key in both or not _of_provider(key)}
    return tuple(
        SettingChange(path, _shown(old.get(path)), _shown(new.get(path)), meaning(path, after))
        for path in [*old, *(path for path in new if path not in old)]
        if old.get(path) != new.get(path)
    )


def stack_changes(before: Settings, after: Settings) -> tuple[SettingChange, ...]:
    """What differs beside the config object: the providers' settings, and the engine's own."""
    return tuple(_stack_change(key, before, after) for key in after.changed(before))


def _stack_change(key: str, before: Settings, after: Settings) -> SettingChange:
    old, new = before.shown.get(key, NOT_GIVEN), after.shown.get(key, NOT_GIVEN)
    if old == new:
        new = f"another {new}"
    return SettingChange(key, old, new, _REACHED if ":" in key else _SEALED)


_REACHED = "Decides at which address, in which tenant or by whose credentials everything is made."
_SEALED = "Decides who can read the encrypted values of the stack: in its file and in its state."


def meaning(path: str, after: ScimConfig) -> str:
    """What a change of the setting does, in one sentence."""
    words = _MEANINGS.get(path, _described(path, after))
    return words if isinstance(words, str) else words(after)


def _described(path: str, config: ScimConfig) -> str:
    """What a setting is for, as the models say; the fallback for one without a meaning above."""
    part: object = config
    *way, last = path.split(".")
    for key in way:
        part = getattr(part, to_snake(key), None)
    field = type(part).model_fields.get(to_snake(last)) if isinstance(part, Part) else None
    return (field.description or "") if field else ""


def _settings(config: ScimConfig) -> dict[str, Plain]:
    """Every setting by key path; lists stay whole."""
    dumped = config.model_dump(mode="json", by_alias=True, exclude={"roles"})
    dumped["identityProvider"]["usersGroup"].pop("members", None)
    dumped["token"]["expiresOn"] = config.token.expires_on_text
    return dict(_flat("", dumped))


def _flat(path: str, value: Plain) -> Iterator[tuple[str, Plain]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else key, inner)
    else:
        yield path, value


def _of_provider(path: str) -> bool:
    return path.startswith("identityProvider.")


def _shown(value: Plain) -> str:
    if value is None or value == "" or value == []:
        return NOT_GIVEN
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return " ".join(_shown(part) for part in value.values() if part != "")
    return str(value)


def _start(after: ScimConfig) -> str:
    if after.identity_provider.kind == "okta" or after.identity_provider.start:
        return "Provisioning is started at the end of the update."
    return "Provisioning is paused: nobody gains and nobody loses a role in Cloudflare any more."


def _scope(after: ScimConfig) -> str:
    if getattr(after.identity_provider, "scope", "assigned") == "filtered":
        return (
            "Every user of the tenant who meets the user filter is provisioned to Cloudflare; only "
            "the role groups are pushed."
        )
    return "Only people in a group assigned to the application are provisioned."


def _integration(after: ScimConfig) -> str:
    if not after.identity_provider.by_hand:
        return (
            "The program sets URL and token through Okta's API, and the update fails unless Okta "
            "reports the connection as enabled."
        )
    return "A person sets URL and token in Okta's console, see the steps by hand."


def _confirmed(after: ScimConfig) -> str:
    if after.identity_provider.confirmed:
        return "Okta is asked whether the console steps are done; then the role groups are pushed."
    return "The pushes are taken out until the console steps are confirmed again."


_GROUPS = "The role groups would need other names, which is refused while they are protected."

_MEANINGS: Mapping[str, str | Callable[[ScimConfig], str]] = {
    "account.id": "Another Cloudflare account: every role below is then a role there.",
    "account.name": "A label for people who read plans; nothing changes in Cloudflare.",
    "environment": "Which policy rules hold: production keeps all of them.",
    "roleModel": "Another way in which a group gives a role. " + _GROUPS,
    "token.owner": "Another kind of token with other permissions; the present one is deleted.",
    "token.name": "The token is renamed in place; its value stays valid.",
    "token.expiresOn": "When the token ends; the resources below say whether it is made anew.",
    "token.allowedCidrs": "The networks from which the token works; the resources below say "
    "whether it is made anew.",
    "token.rotation": "A new token is made, handed over, and the old one deleted last.",
    "groupPrefix": _GROUPS,
    "breakGlass": "A statement for the review; nothing changes in Cloudflare.",
    "waivers": "Policy rules set aside; nothing changes in Cloudflare.",
    "identityProvider.kind": "People come from elsewhere: another application and other groups.",
    "identityProvider.orgName": "Another Okta organisation for links; the provider's own setting "
    "decides where groups and app are made.",
    "identityProvider.appLabel": "The app is renamed in place.",
    "identityProvider.catalogApp": "Another app from Okta's catalogue, which means another app.",
    "identityProvider.apiIntegration": _integration,
    "identityProvider.apiIntegrationConfirmed": _confirmed,
    "identityProvider.usersGroup.name": "The users' group would need another name, which is "
    "refused while it is protected.",
    "identityProvider.appName": "The application is renamed in place.",
    "identityProvider.scope": _scope,
    "identityProvider.userFilter": "Who does not meet every clause is not provisioned, and is "
    "deactivated if provisioned before.",
    "identityProvider.start": _start,
    "identityProvider.notificationEmail": "Where Entra writes when provisioning fails.",
    "identityProvider.deletionThreshold": "How many people may be removed in one cycle before "
    "Entra stops and asks.",
    "identityProvider.tenantUrlSuffix": "Another dialect of SCIM; the connection is tested again.",
}

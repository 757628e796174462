"""One stack now and in its base, compared: people, settings, resources, and what is left to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from cfscim.config.kinds import TOKENS
from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.plan.model import Plan
from cfscim.review.changes import Action, ResourceChange, resource_changes
from cfscim.review.people import PeopleChange, people_change
from cfscim.review.settings import SettingChange, provider_changes, setting_changes


@dataclass(frozen=True)
class Texts:
    """Sentences that are new, that stay, and that are no longer true."""

    new: tuple[str, ...]
    same: tuple[str, ...]
    gone: tuple[str, ...]


@dataclass(frozen=True)
class Review:
    """What a change does. `label`: the base as it was named; `note`: why it is not there.

    Without a `before` everything is new, and `settings` are the providers' alone.
    """

    before: Plan | None
    after: Plan
    label: str
    note: str | None
    people: PeopleChange
    settings: tuple[SettingChange, ...]
    resources: tuple[ResourceChange, ...]
    steps: Texts
    warnings: Texts

    @property
    def nothing_changes(self) -> bool:
        """Whether the two configs mean the same to the program and to the reader."""
        return self.before is not None and not (
            self.settings or self.resources or self.steps.new or self.steps.gone or self._people
        )

    @property
    def _people(self) -> bool:
        users = self.people.users
        return any(role.changed for role in self.people.roles) or users.before != users.after

    @property
    def refused(self) -> tuple[ResourceChange, ...]:
        """What stops the update because it is protected."""
        return tuple(change for change in self.resources if change.refused)

    @property
    def account_switched(self) -> bool:
        """Whether the roles are roles in another Cloudflare account than before."""
        before = self.before
        return before is not None and before.config.account.id != self.after.config.account.id

    @property
    def provider_switched(self) -> bool:
        """Whether people come from another kind of identity provider than before."""
        before, after = self.before, self.after.config.identity_provider
        return before is not None and before.config.identity_provider.kind != after.kind

    @property
    def token_replaced(self) -> bool:
        """Whether the identity provider has to sign in with another token than before."""
        return any(
            change.resource.type in TOKENS and change.action in (Action.REPLACE, Action.DELETE)
            for change in self.resources
        )


def compare(before: Plan | None, after: Plan, *, label: str, note: str | None = None) -> Review:
    """Compares a plan with the plan of its base, both made by the current program."""
    resources = resource_changes(before.resources if before else (), after.resources, after.stack)
    steps = _texts(before.remaining_steps if before else (), after.remaining_steps)
    return Review(
        before=before,
        after=after,
        label=label,
        note=note,
        people=people_change(before.config if before else None, after.config),
        settings=(
            *provider_changes(before.providers if before else {}, after.providers),
            *(setting_changes(before.config, after.config) if before else ()),
        ),
        resources=resources,
        steps=steps,
        warnings=_texts(before.warnings if before else (), after.warnings),
    )


def takes_effect(config: ScimConfig) -> bool:
    """Whether groups are provisioned at all: pushed by Okta, or by a started job in Entra."""
    provider = config.identity_provider
    if isinstance(provider, OktaConfig):
        return provider.api_integration == "api" or provider.api_integration_confirmed
    return provider.start


def tenant_words(config: ScimConfig) -> str:
    """The identity provider's name as people say it."""
    return "Okta" if isinstance(config.identity_provider, OktaConfig) else "Entra"


def _texts(before: Sequence[str], after: Sequence[str]) -> Texts:
    return Texts(
        new=tuple(text for text in after if text not in before),
        same=tuple(text for text in after if text in before),
        gone=tuple(text for text in before if text not in after),
    )

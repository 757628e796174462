"""Reads the live systems of one stack and answers every question about them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cfscim.config.lanes import Lane, lanes
from cfscim.config.models import ScimConfig
from cfscim.config.names import group_names, scim_base_url
from cfscim.config.okta_switches import unlisted
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.retries import whole_run
from cfscim.verify.actions import CONFIRM
from cfscim.verify.cloudflare import CloudflareView, group_questions
from cfscim.verify.cloudflare_facts import CloudflareFacts, read_cloudflare
from cfscim.verify.directory import Directory
from cfscim.verify.links import EntraLinks, OktaLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.people import (
    Way,
    account_questions,
    former_questions,
    leaving_okta,
    member_questions,
    of_next,
)
from cfscim.verify.reading import Reader, Tally, Ticker
from cfscim.verify.report import Question, Report, Verdict, answer, not_yet
from cfscim.verify.token import of_another_account, token_questions


@dataclass(frozen=True)
class About:
    """What a run is about: one way of the stack, how one signs in, and the two moments it is judged
    by. `beside`: id -> name of the role groups that another way has in the same application.
    `leaving`: what assigns people to its Okta app may be removed."""

    config: ScimConfig
    outputs: StackOutputs
    settings: Mapping[str, str]
    env: Mapping[str, str]
    now: datetime
    updated: datetime | None
    beside: Mapping[str, str]
    leaving: bool


@dataclass(frozen=True)
class Side:
    """One identity provider: its client, what is read, whom it lets in, what is asked of it, and
    of that what is about the role groups alone."""

    client: Any
    read: Callable[[Any, Reader], Any]
    directory: Callable[[Any], Directory]
    questions: Callable[[Any, Any], Iterator[Question]]
    role_questions: Callable[[Any, Any], Iterator[Question]]


def run(
    config: ScimConfig,
    outputs: StackOutputs,
    settings: Mapping[str, str],
    env: Mapping[str, str],
    progress: Callable[[str], None],
    *,
    now: datetime | None = None,
    updated: datetime | None = None,
) -> Report:
    """Reads everything back, changes nothing, and says what holds.

    `settings` are the providers' keys of the stack (`okta:orgName`), `env` the environment they
    fall back to. `progress` hears a line every two seconds. `now`: the moment at which what is
    overdue is judged; `updated`: when the stack's last update that changed something ended, where
    the engine says so. Raises `MissingError` where there are no credentials at all, or those of
    another cloud; everything else that goes wrong is a check that cannot be known.
    """
    if another := of_another_account(config, outputs):
        return Report((answer(another),))
    tally, ways = Tally(), lanes(config)
    # After the switch nobody but Cloudflare knows what the former way left.
    former = [config] if config.move is not None and config.move.switched else []
    with ExitStack() as open_:
        open_.enter_context(whole_run())
        open_.enter_context(Ticker(progress, tally))
        cloudflare = open_.enter_context(CloudflareClient.from_settings(settings, env))
        endpoint = open_.enter_context(
            ScimEndpoint.from_settings(
                settings,
                env,
                base_url=scim_base_url(config),
                token=outputs.token_value.get_secret_value(),
            )
        )
        near = open_.enter_context(Reader(tally))
        configs = [*(lane.config for lane in ways), *former]
        facts = read_cloudflare(configs, outputs, cloudflare, endpoint, near)
        judged = now or datetime.now(UTC)
        abouts = [
            About(
                lane.config,
                outputs.of(lane, ways),
                settings,
                env,
                judged,
                updated,
                _beside(lane, ways, outputs),
                lane.leaves_okta,
            )
            for lane in ways
        ]
        asked = [_asked(about, tally, open_, whole=about is abouts[0]) for about in abouts]
        every = _questions(config, abouts, asked, facts)
        report = Report(tuple(answer(question) for question in every))
        if cloudflare.clock_off:
            progress(
                f"verify: {cloudflare.clock_off}, and says what is late or has ended; set it, then "
                "run again"
            )
        return report


def _questions(
    config: ScimConfig,
    abouts: Sequence[About],
    asked: Sequence[tuple[list[Question], Directory]],
    facts: CloudflareFacts,
) -> list[Question]:
    """Of all ways, that in force first; what is the new way's own goes by ids of its own."""
    ways = [
        Way(
            CloudflareView(about.config, facts, about.outputs.user_group_ids),
            about.outputs,
            directory,
        )
        for about, (_, directory) in zip(abouts, asked, strict=True)
    ]
    first, longest = abouts[0], max(way.directory.delivery(None).longest for way in ways)
    every: list[Question] = []
    for about, way, (questions, directory) in zip(abouts, ways, asked, strict=True):
        own = [
            *group_questions(way.view, about.outputs, directory),
            *member_questions(way, about.now),
        ]
        if about is first:
            if about.leaving and about.config.identity_provider.by_hand:
                questions = [*leaving_okta(questions)]
            whole = [
                *token_questions(about.config, about.outputs, facts, about.now, longest),
                *questions,
                *own,
                *account_questions(ways, about.now),
            ]
            every += first_state(about.config, whole)
        elif about.config.identity_provider.kind == first.config.identity_provider.kind:
            every += of_next(first_state(about.config, [*questions, *own]))
        else:
            # The other vendor's checks have names of their own already.
            every += first_state(about.config, [*questions, *of_next(own)])
    return [*every, *former_questions(config, ways[0])]


def _beside(lane: Lane, ways: tuple[Lane, ...], outputs: StackOutputs) -> dict[str, str]:
    """The role groups that other ways have in the same application."""
    kind = lane.config.identity_provider.kind
    return {
        outputs.of(other, ways).role_groups[role].identity_provider_group_id: name
        for other in ways
        if other is not lane and other.config.identity_provider.kind == kind
        for role, name in group_names(other.config).items()
    }


def _asked(
    about: About, tally: Tally, open_: ExitStack, *, whole: bool
) -> tuple[list[Question], Directory]:
    """What is asked of the identity provider, and whom it lets in.

    `whole` false: another way may have asked about the application already.
    """
    side = _okta(about) if about.config.identity_provider.kind == "okta" else _entra(about)
    client = open_.enter_context(side.client.from_settings(about.settings, about.env))
    facts = side.read(client, open_.enter_context(Reader(tally)))
    directory = side.directory(facts)
    ask = side.questions if whole or not about.beside else side.role_questions
    return list(ask(facts, directory)), directory


def _okta(about: About) -> Side:
    from cfscim.config.provider_settings import (
        OKTA_BASE_URL,
        OKTA_ORG_NAME,
        okta_domain,
        okta_organisation,
    )
    from cfscim.vendors.okta.api import OktaClient
    from cfscim.verify.okta import app_questions, organisation_question, people_questions
    from cfscim.verify.okta_facts import OktaDirectory, OktaFacts, read_okta
    from cfscim.verify.okta_groups import OktaGroups

    config, okta, outputs = about.config, about.config.okta, about.outputs
    domain = okta_domain(about.settings.get(OKTA_BASE_URL.key), about.env)
    organisation = okta_organisation(about.settings.get(OKTA_ORG_NAME.key), about.env)
    links = OktaLinks(okta, outputs.application_id, domain)

    def groups(facts: OktaFacts, directory: OktaDirectory) -> OktaGroups:
        return OktaGroups(config, outputs, facts, directory, links)

    def questions(facts: OktaFacts, directory: OktaDirectory) -> Iterator[Question]:
        yield organisation_question(okta, organisation, links)
        yield from app_questions(config, facts, links, leaving=about.leaving)
        yield from groups(facts, directory).questions()
        yield from people_questions(facts, directory, links)

    return Side(
        OktaClient,
        partial(read_okta, config, outputs, about.beside),
        # Okta dates everything itself, whatever the last update was.
        lambda facts: OktaDirectory(config, facts, links, about.now),
        questions,
        lambda facts, directory: groups(facts, directory).role_questions(),
    )


def _entra(about: About) -> Side:
    from cfscim.config.tenant import require_cloud
    from cfscim.vendors.entra.api import GraphClient
    from cfscim.verify.entra import job_questions, people_questions
    from cfscim.verify.entra_facts import EntraDirectory, EntraFacts, read_entra
    from cfscim.verify.entra_groups import EntraGroups

    config, entra, outputs = about.config, about.config.entra, about.outputs
    require_cloud(entra.cloud, about.settings, about.env)
    links = EntraLinks.of(outputs, entra.cloud)

    def groups(facts: EntraFacts) -> EntraGroups:
        return EntraGroups(config, facts, links)

    def questions(facts: EntraFacts, directory: EntraDirectory) -> Iterator[Question]:
        yield from job_questions(config, facts, directory, links)
        yield from groups(facts).questions()
        yield from people_questions(facts, directory, links)

    return Side(
        GraphClient,
        lambda client, reader: read_entra(config, outputs, about.beside, client, reader, about.now),
        lambda facts: EntraDirectory(config, facts, links, about.updated, about.now),
        questions,
        lambda facts, _directory: groups(facts).role_questions(),
    )


_FOLLOWS = re.compile(
    rf"okta\.(features|featuresApi|connection|{'|'.join(switch.name for switch in unlisted())}"
    r"|assignment|push|people)(\.|$)"
    r"|cloudflare\.(members|people|anybody|token\.used|token\.valid|scim\.endpoint"
    r"|roleless|accepted|superAdministrators)(\.|$)"
)


def first_state(config: ScimConfig, questions: list[Question]) -> list[Question]:
    """The questions, with a single line in place of those that wait for Okta's console.

    Until somebody has done the steps by hand and written `apiIntegrationConfirmed: true`, nothing
    is assigned or pushed, and everything that follows from it would fail for that reason.
    """
    provider = config.identity_provider
    if provider.confirmed or not provider.by_hand:
        return questions
    kept = [question for question in questions if not _FOLLOWS.match(question.id)]
    follows = len(questions) - len(kept)
    link = next((q.link for q in questions if q.id.startswith("okta.features.")), "")

    def waits() -> Verdict:
        return not_yet(
            "the steps by hand, then apiIntegrationConfirmed: true",
            f"apiIntegrationConfirmed is false; {follows} further checks wait for it",
            None,
            CONFIRM,
        )

    line = Question("okta.console", "API integration by hand", "confirmed", link, waits)
    return [line, *kept]

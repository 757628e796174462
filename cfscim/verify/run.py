"""Reads the live systems of one stack and answers every question about them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.limits import whole_run
from cfscim.verify import first_state
from cfscim.verify.cloudflare import CloudflareView, group_questions
from cfscim.verify.cloudflare_facts import read_cloudflare
from cfscim.verify.directory import Directory
from cfscim.verify.links import EntraLinks, OktaLinks
from cfscim.verify.outputs import StackOutputs
from cfscim.verify.people import member_questions
from cfscim.verify.reading import Reader, Tally, Ticker
from cfscim.verify.report import Question, Report, answer
from cfscim.verify.token import token_questions


@dataclass(frozen=True)
class About:
    """What a run is about: the stack, how one signs in, and the two moments it is judged by."""

    config: ScimConfig
    outputs: StackOutputs
    settings: Mapping[str, str]
    env: Mapping[str, str]
    now: datetime
    updated: datetime | None


@dataclass(frozen=True)
class Side:
    """One identity provider: its client, what is read, whom it lets in, what is asked of it."""

    client: Any
    read: Callable[[Any, Reader], Any]
    directory: Callable[[Any], Directory]
    questions: Callable[[Any, Any], Iterator[Question]]


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
    the engine says so. Raises `MissingError` where there are no credentials at all; everything else
    that goes wrong is a check that cannot be known.
    """
    tally = Tally()
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
        facts = read_cloudflare(config, outputs, cloudflare, endpoint, near)
        about = About(config, outputs, settings, env, now or datetime.now(UTC), updated)
        questions, directory = _asked(about, tally, open_)
        view, longest = CloudflareView(config, facts), directory.delivery(None).longest
        every = [
            *token_questions(config, outputs, facts, about.now, longest),
            *questions,
            *group_questions(view, outputs, directory),
            *member_questions(view, outputs, directory, about.now),
        ]
        every = first_state.instead(config, every)
        report = Report(tuple(answer(question) for question in every))
        if cloudflare.clock_off:
            progress(
                f"verify: {cloudflare.clock_off}, and says what is late or has ended; set it, then "
                "run again"
            )
        return report


def _asked(about: About, tally: Tally, open_: ExitStack) -> tuple[list[Question], Directory]:
    """What is asked of the identity provider, and whom it lets in."""
    side = _okta(about) if about.config.identity_provider.kind == "okta" else _entra(about)
    client = open_.enter_context(side.client.from_settings(about.settings, about.env))
    facts = side.read(client, open_.enter_context(Reader(tally)))
    directory = side.directory(facts)
    return list(side.questions(facts, directory)), directory


def _okta(about: About) -> Side:
    from cfscim.config.organisation import okta_domain, okta_organisation
    from cfscim.vendors.okta.api import OktaClient
    from cfscim.verify.okta import app_questions, organisation_question, people_questions
    from cfscim.verify.okta_facts import OktaDirectory, OktaFacts, read_okta
    from cfscim.verify.okta_groups import OktaGroups

    config, okta, outputs = about.config, about.config.identity_provider, about.outputs
    assert isinstance(okta, OktaConfig)
    domain = okta_domain(about.settings.get("okta:baseUrl"), about.env)
    organisation = okta_organisation(about.settings.get("okta:orgName"), about.env)
    links = OktaLinks(okta, outputs.application_id, domain)

    def questions(facts: OktaFacts, directory: OktaDirectory) -> Iterator[Question]:
        yield organisation_question(okta, organisation, links)
        yield from app_questions(config, okta, facts, links)
        yield from OktaGroups(config, okta, outputs, facts, directory, links).questions()
        yield from people_questions(facts, directory, links)

    return Side(
        OktaClient,
        partial(read_okta, config, okta, outputs),
        # Okta dates everything itself, whatever the last update was.
        lambda facts: OktaDirectory(config, facts, links, about.now),
        questions,
    )


def _entra(about: About) -> Side:
    from cfscim.vendors.entra.api import GraphClient
    from cfscim.verify.entra import job_questions, people_questions
    from cfscim.verify.entra_facts import EntraDirectory, EntraFacts, read_entra
    from cfscim.verify.entra_groups import EntraGroups

    config, entra, outputs = about.config, about.config.identity_provider, about.outputs
    assert isinstance(entra, EntraConfig)
    links = EntraLinks.of(outputs, entra.cloud)

    def questions(facts: EntraFacts, directory: EntraDirectory) -> Iterator[Question]:
        yield from job_questions(config, entra, facts, directory, links)
        yield from EntraGroups(config, entra, outputs, facts, links).questions()
        yield from people_questions(facts, directory, links)

    return Side(
        GraphClient,
        lambda client, reader: read_entra(config, entra, outputs, client, reader, about.now),
        lambda facts: EntraDirectory(config, entra, facts, links, about.updated, about.now),
        questions,
    )

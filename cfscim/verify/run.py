"""Reads the live systems of one stack and answers every question about them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime

from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url
from cfscim.vendors.cloudflare.api import CloudflareClient
from cfscim.vendors.cloudflare.scim import ScimEndpoint
from cfscim.vendors.limits import whole_run
from cfscim.vendors.settings import Settings
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

Asked = tuple[list[Question], Directory]


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
    the engine says so. Raises `MissingError` where there
    are no credentials at all; everything else that goes wrong is a check that cannot be known.
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
        ask = _okta if isinstance(config.identity_provider, OktaConfig) else _entra
        moment = now or datetime.now(UTC)
        questions, directory = ask(config, outputs, settings, env, tally, open_, moment, updated)
        view, longest = CloudflareView(config, facts), directory.delivery(None).longest
        every = [
            *token_questions(config, outputs, facts, moment, longest),
            *questions,
            *group_questions(view, outputs),
            *member_questions(view, outputs, directory, moment),
        ]
        every = first_state.instead(config, outputs, every)
        return Report(tuple(answer(question) for question in every))


def _okta(
    config: ScimConfig,
    outputs: StackOutputs,
    settings: Mapping[str, str],
    env: Mapping[str, str],
    tally: Tally,
    open_: ExitStack,
    now: datetime,
    updated: datetime | None,
) -> Asked:
    from cfscim.config.organisation import okta_organisation
    from cfscim.vendors.okta.api import OktaClient
    from cfscim.verify.okta import app_questions, organisation_question, people_questions
    from cfscim.verify.okta_facts import OktaDirectory, read_okta
    from cfscim.verify.okta_groups import OktaGroups

    okta = config.identity_provider
    assert isinstance(okta, OktaConfig)
    client = open_.enter_context(OktaClient.from_settings(settings, env))
    reader = open_.enter_context(Reader(tally))
    facts = read_okta(config, okta, outputs, client, reader)
    domain = Settings(settings, env).text("okta:baseUrl", "OKTA_BASE_URL", default="okta.com")
    links = OktaLinks(okta, outputs.application_id, domain)
    del updated  # Okta dates everything itself
    directory = OktaDirectory(config, facts, links, now)
    groups = OktaGroups(config, okta, outputs, facts, directory, links)

    def questions() -> Iterator[Question]:
        yield organisation_question(
            okta, okta_organisation(settings.get("okta:orgName"), env), links
        )
        yield from app_questions(config, okta, facts, links)
        yield from groups.questions()
        yield from people_questions(facts, directory, links)

    return list(questions()), directory


def _entra(
    config: ScimConfig,
    outputs: StackOutputs,
    settings: Mapping[str, str],
    env: Mapping[str, str],
    tally: Tally,
    open_: ExitStack,
    now: datetime,
    updated: datetime | None,
) -> Asked:
    from cfscim.config.models import EntraConfig
    from cfscim.vendors.entra.api import GraphClient
    from cfscim.verify.entra import job_questions, people_questions
    from cfscim.verify.entra_facts import EntraDirectory, read_entra
    from cfscim.verify.entra_groups import EntraGroups

    entra = config.identity_provider
    assert isinstance(entra, EntraConfig)
    client = open_.enter_context(GraphClient.from_settings(settings, env))
    reader = open_.enter_context(Reader(tally))
    facts = read_entra(config, entra, outputs, client, reader, now)
    links = EntraLinks.of(outputs, entra.cloud)
    directory = EntraDirectory(config, entra, facts, links, updated, now)
    groups = EntraGroups(config, entra, outputs, facts, links)

    def questions() -> Iterator[Question]:
        yield from job_questions(config, entra, facts, directory, links)
        yield from groups.questions()
        yield from people_questions(facts, directory, links)

    return list(questions()), directory

"""Is the Okta app as the guide sets it up, and does Okta really provision?

Source: guide, "Set up your Okta SCIM application" to "Configure user permissions on Okta".
A 200 of Okta's proves nothing: its connection may read `UNKNOWN`.
"""

from collections.abc import Callable, Iterator
from functools import partial

from cfscim.config.models import OktaConfig, ScimConfig
from cfscim.config.names import OKTA_USER_NAME, scim_base_url
from cfscim.config.okta_switches import (
    PUSH_GROUPS,
    USER_PROVISIONING,
    Page,
    Switch,
    by_api,
    listed,
    unlisted,
)
from cfscim.config.outputs import PRINT_TOKEN
from cfscim.config.provider_settings import OKTA_ORG_NAME
from cfscim.vendors.okta.checks import feature_problems
from cfscim.vendors.okta.models import App, User
from cfscim.verify import actions
from cfscim.verify.actions import Act, Action
from cfscim.verify.directory import named
from cfscim.verify.links import OktaLinks
from cfscim.verify.okta_facts import EARLY, ERRORS, USER_NAMES, OktaDirectory, OktaFacts
from cfscim.verify.report import Question, Verdict, fails, holds, same, unknown

_UP = actions.REFRESH
_BY_CONSOLE = (
    actions.config("identityProvider.apiIntegration", "console"),
    actions.config("identityProvider.apiIntegrationConfirmed", "true"),
    actions.UPDATE,
)


def app_questions(
    config: ScimConfig, facts: OktaFacts, links: OktaLinks, *, leaving: bool
) -> Iterator[Question]:
    """The app itself, and its provisioning settings as far as Okta shows them; `leaving`: while the
    stack leaves Okta."""

    def ask(
        id_: str, title: str, expected: str, verdict: Callable[[], Verdict], link: str
    ) -> Question:
        return Question(f"okta.{id_}", title, expected, link, verdict)

    general, provisioning, okta = links.general, links.provisioning, config.okta
    yield ask("app.active", "app status", "ACTIVE", partial(_active, facts, okta), general)
    yield ask("app.only", "no other app of this label", "none", partial(_only, facts), general)
    for id_, title, expected, read in (
        ("app.label", "app label", okta.app_label, lambda app: app.label),
        ("app.iconWeb", "icon on the web", "hidden", _icon("web")),
        ("app.iconMobile", "icon in the mobile app", "hidden", _icon("ios")),
        (
            "app.autoLogin",
            "automatic log-in",
            "off",
            lambda app: "on" if app.visibility.auto_submit_toolbar else "off",
        ),
        (
            "app.userName",
            "application username format",
            OKTA_USER_NAME,
            lambda app: app.credentials.user_name_template.template,
        ),
    ):
        yield ask(id_, title, expected, partial(_setting, facts, expected, read), general)
    yield ask(
        "app.catalog",
        "app from the catalogue",
        okta.catalog_app,
        partial(_catalog, facts, okta),
        general,
    )
    set_by_api = not okta.by_hand
    for switch in listed(leaving=leaving and set_by_api):
        yield ask(
            _id(switch).removeprefix("okta."),
            switch.title,
            switch.wanted,
            partial(_feature, config, facts, switch),
            provisioning,
        )
    yield ask(
        "connection",
        "API integration",
        "enabled",
        partial(_connection, config, facts),
        provisioning,
    )
    if set_by_api:
        yield ask(
            "featuresApi",
            "provisioning features by Okta's API",
            "as declared",
            partial(_features_api, facts, leaving),
            provisioning,
        )
    for switch in unlisted():
        link = links.pushes if switch.page is Page.PUSH else provisioning
        yield ask(switch.name, switch.title, switch.wanted, partial(_no_api, switch), link)


def organisation_question(okta: OktaConfig, name: str, links: OktaLinks) -> Question:
    """Whether the credentials in use are of the declared organisation; `name`: theirs."""

    def verdict() -> Verdict:
        if name.lower() == okta.org_name.lower():
            return holds(okta.org_name)
        text = f"set {OKTA_ORG_NAME.either} to {okta.org_name}, with its credentials"
        sign_in = Action(Act.SIGN_IN, text, (okta.org_name,))
        return fails(okta.org_name, f"these credentials are of {name}", sign_in)

    return Question(
        "okta.organisation",
        "the organisation of the credentials",
        okta.org_name,
        links.provisioning,
        verdict,
    )


def people_questions(
    facts: OktaFacts, directory: OktaDirectory, links: OktaLinks
) -> Iterator[Question]:
    """The people of the app: what Cloudflare is told their names are, and who failed."""
    link = links.assignments
    for id_, title, expected, verdict in (
        (
            USER_NAMES,
            "every person's app user name is the e-mail address",
            "equal",
            partial(_user_names, facts),
        ),
        (
            "okta.people.double",
            "accounts that share an e-mail address",
            "none",
            partial(_doubles, facts),
        ),
        (EARLY, "people assigned before provisioning was on", "none", partial(_early, directory)),
        (ERRORS, "provisioning errors by person", "none", partial(_errors, directory)),
    ):
        yield Question(id_, title, expected, link, verdict)


def _active(facts: OktaFacts, okta: OktaConfig) -> Verdict:
    app = facts.app.get()
    if app is None:
        return fails("ACTIVE", f"there is no such app ({okta.app_label})", *_anew(okta))
    return same(
        "ACTIVE", app.status, Action(Act.OKTA_ACTIVATE, "Applications > the app > Activate")
    )


def _anew(okta: OktaConfig) -> Iterator[Action]:
    """With the app goes what hangs on it, and a refresh ends at the first of that which is gone."""
    yield actions.ADOPT
    if not okta.by_hand:
        yield actions.UPDATE
        return
    yield actions.config("identityProvider.apiIntegrationConfirmed", "false")
    yield actions.UPDATE
    yield actions.CONFIRM


def _catalog(facts: OktaFacts, okta: OktaConfig) -> Verdict:
    """Another catalogue entry is another app, and the app is protected."""
    name = facts.existing_app().name
    return same(
        okta.catalog_app, name, actions.config("identityProvider.catalogApp", name), actions.REFRESH
    )


def _only(facts: OktaFacts) -> Verdict:
    # A lost answer makes the provider ask again, and Okta lets labels repeat.
    twins = sorted(app.id for app in facts.twins.get())
    if not twins:
        return holds("none")
    text = f"if nobody uses it, deactivate and delete app {named(twins)}; otherwise relabel it"
    return fails("none", named(twins), Action(Act.OKTA_DELETE_APP, text, tuple(twins)))


def _icon(where: str) -> Callable[[App], str]:
    def shown(app: App) -> str:
        hide = app.visibility.hide
        return "hidden" if (hide.web if where == "web" else hide.ios) else "shown"

    return shown


def _setting(facts: OktaFacts, expected: str, read: Callable[[App], str]) -> Verdict:
    return same(expected, read(facts.existing_app()), _UP)


def _feature(config: ScimConfig, facts: OktaFacts, switch: Switch) -> Verdict:
    features = facts.existing_app().features
    shown = "on" if switch.name in features else "off"
    if switch.page is None:
        return same(switch.wanted, shown, _connect(config))
    text = f"{switch.page} > Edit, {switch.verb} {switch.title}, then Save"
    action = Action(Act.OKTA_SWITCH, text, (switch.name, switch.wanted))
    # Without the integration there is no such page.
    first = [] if PUSH_GROUPS.name in features else [actions.see(_id(PUSH_GROUPS))]
    return same(switch.wanted, shown, *first, action)


def _id(switch: Switch) -> str:
    """The check of a switch that Okta shows."""
    return f"okta.features.{switch.name}"


def _connect(config: ScimConfig) -> Action:
    return Action(
        Act.OKTA_CONNECT,
        f"{Page.INTEGRATION} > Edit, select Enable API integration: base URL "
        f"{scim_base_url(config)}, as token what `{PRINT_TOKEN}` prints, Test API Credentials, "
        "then Save",
    )


def _connection(config: ScimConfig, facts: OktaFacts) -> Verdict:
    facts.existing_app()
    connection, wanted = facts.connection.get(), scim_base_url(config)
    expected, by_hand = f"enabled, {wanted}", _connect(config)
    if connection.status == "ENABLED" and connection.base_url not in (None, wanted):
        return fails(expected, f"enabled, {connection.base_url}", by_hand)
    if connection.status == "ENABLED" and connection.base_url == wanted:
        return holds(expected)
    if not config.okta.by_hand and connection.status != "ENABLED":
        actual = f"{connection.status}: Okta supports no settings by API for this app"
        if connection.status != "UNKNOWN":
            return fails(expected, connection.status, by_hand)
        return fails(expected, actual, by_hand, *_BY_CONSOLE)
    if connection.status == "DISABLED":
        return fails(expected, "DISABLED", by_hand)
    return unknown(
        expected, f"{connection.status}: Okta shows nothing for this app", actions.look()
    )


def _features_api(facts: OktaFacts, leaving: bool) -> Verdict:
    facts.existing_app()
    wanted = by_api(leaving=leaving)
    expected = ", ".join(f"{switch.title} {switch.status}" for switch in wanted)
    features = facts.features.get()
    feature = next(
        (feature for feature in features or () if feature.name == USER_PROVISIONING), None
    )
    if feature is None:
        return fails(
            expected, "Okta shows no provisioning features", actions.see("okta.connection")
        )
    wrong = feature_problems(feature, leaving=leaving)
    return fails(expected, ", ".join(wrong), _UP) if wrong else holds(expected)


def _no_api(switch: Switch) -> Verdict:
    text = f"look at the page: {switch.title} must be {'on' if switch.on else 'cleared'}"
    return unknown(switch.wanted, "Okta has no API for it", actions.look(text))


def _doubles(facts: OktaFacts) -> Verdict:
    """Cloudflare knows people by their addresses, so that one would pass as the other."""
    accounts: dict[str, dict[str, User]] = {}
    for people in (facts.users.get(), *(reading.get() for reading in facts.members.values())):
        for user in people:
            accounts.setdefault(user.email.lower(), {})[user.id] = user
    double = {address: users for address, users in accounts.items() if len(users) > 1}
    if not double:
        return holds("none")
    logins = [user.profile.login for users in double.values() for user in [*users.values()][1:]]
    shown = named(
        f"{address} is the address of {named(user.profile.login for user in users.values())}"
        for address, users in double.items()
    )
    text = f"Directory > People: give {named(logins)} another address, or take the account out"
    return fails("none", shown, Action(Act.OKTA_ADDRESS, text, tuple(logins)), actions.REFRESH)


def _user_names(facts: OktaFacts) -> Verdict:
    addresses = {user.id: user.email for user in facts.users.get()}
    for members in facts.members.values():
        addresses |= {user.id: user.email for user in members.get()}
    wrong = {
        addresses[user.id]: user.user_name or "nothing"
        for user in facts.app_users.get()
        if user.id in addresses and user.user_name.lower() != addresses[user.id].lower()
    }
    if not wrong:
        return holds("the e-mail address")
    shown = named(sorted(f"{address} is {name}" for address, name in wrong.items()))
    text = f"Assignments > the person > Edit: write the address as User Name, for {named(wrong)}"
    return fails(
        "the e-mail address", shown, Action(Act.OKTA_USER_NAME, text, tuple(sorted(wrong)))
    )


def _early(directory: OktaDirectory) -> Verdict:
    early = sorted(directory.early())
    if not early:
        return holds("none")
    text = (
        f"Assignments > Provision User, for {named(early)}: who was assigned before provisioning "
        "was on is never sent by itself, and Force Sync sends nothing either"
    )
    return fails("none", named(early), Action(Act.OKTA_PROVISION_USER, text, tuple(early)))


def _errors(directory: OktaDirectory) -> Verdict:
    errors = sorted(directory.errors())
    if not errors:
        return holds("none")
    text = "put right what is named, then Dashboard > Tasks > Retry Selected"
    return fails("none", named(errors), Action(Act.OKTA_RETRY, text))

"""The steps that no vendor's API covers, with the exact values to enter and where.

A step stays until what it is for was read back: `proven_by` names the checks of `verify` that show
it done (an id, or the beginning of ids before a `*`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cfscim.config.access import people
from cfscim.config.facts import VIRTUAL_GROUPS_DEPRECATED, VIRTUAL_GROUPS_LEFT_BY
from cfscim.config.lanes import Lane, lanes
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.names import group_names, scim_base_url
from cfscim.config.okta_switches import DEACTIVATE_USERS, Page, by_hand, state, to_do
from cfscim.config.outputs import PRINT_TOKEN
from cfscim.config.provider_settings import OKTA_DOMAINS

FORMER = "cloudflare.former"
LEAVING = "okta.leaving"
ENTRA_USER_NAMES = "entra.people.userName"
"""Checks of `verify` that prove a step, and are named there as well."""


@dataclass(frozen=True)
class Step:
    """One thing that a person does: `where`, the page (`link`), and `what` with exact values.

    `proven_by`: the checks that show it done; empty where only the config can say so. `people`: the
    addresses of whom it is about; empty where it names nobody.
    """

    where: str
    what: str
    link: str = ""
    proven_by: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The step as one line."""
        return (
            f"{self.where} ({self.link}): {self.what}"
            if self.link
            else (f"{self.where}: {self.what}")
        )


def remaining_steps(
    config: ScimConfig, *, app_id: str, next_app_id: str = "", okta_domain: str = OKTA_DOMAINS[0]
) -> list[str]:
    """`steps` as lines, for the stack's outputs and `plan`, which read nothing back."""
    listed = steps(config, app_id=app_id, next_app_id=next_app_id, okta_domain=okta_domain)
    return [step.text for step in listed]


def steps(
    config: ScimConfig, *, app_id: str, next_app_id: str = "", okta_domain: str = OKTA_DOMAINS[0]
) -> list[Step]:
    """What a person has to do by hand, in the order it is done.

    `app_id` is the application's id in the identity provider; `next_app_id` that of the way which
    a move goes to; `okta_domain` the domain of the organisation, other than okta.com for preview
    and government organisations.
    """
    ids = (app_id, next_app_id or app_id)
    every = [
        step
        for lane, id_ in zip(lanes(config), ids, strict=False)
        for step in _of_one_way(lane, id_, okta_domain)
    ]
    return list(
        dict.fromkeys(
            [*every, *_leaving_okta(config, app_id, okta_domain), *_left_by_a_move(config)]
        )
    )


def _leaving_okta(config: ScimConfig, app_id: str, okta_domain: str) -> Iterator[Step]:
    """Okta deactivates everybody when the assignment goes, unless it was told not to."""
    okta = config.identity_provider
    if isinstance(okta, OktaConfig) and okta.by_hand and lanes(config)[0].leaves_okta:
        when = "`switched: true`" if config.move is not None else "anything is removed"
        yield Step(
            f"Okta, app {okta.app_label}",
            f"before {when}, {Page.TO_APP} > Edit, clear {DEACTIVATE_USERS.title}, then Save.",
            okta_app_link(okta, app_id, okta_domain),
            (LEAVING,),
        )


def _left_by_a_move(config: ScimConfig) -> Iterator[Step]:
    """What the switch cannot delete (Cloudflare's user-groups page: SCIM alone deletes its own)."""
    if config.move is None or not config.move.switched:
        return
    names = ", ".join(f'"{name}"' for name in group_names(config).values())
    what = f"look at the User Groups of the former way ({names}), which give nothing any more"
    instead = "with Entra the next cycle deletes them, and with Okta they may stay."
    if config.role_model == "virtualGroups":
        what = f"have your account team take everybody out of the virtual groups ({names})"
        instead = "who stays there keeps the role when taken out of the new group."
    yield Step(
        "Cloudflare > Manage Account > Members",
        f"{what}; {instead}",
        proven_by=(FORMER,),
    )


def _of_one_way(lane: Lane, app_id: str, okta_domain: str) -> list[Step]:
    config = lane.config
    provider = config.identity_provider
    texts = list(_virtual_groups(config))
    if isinstance(provider, OktaConfig):
        return texts + list(_okta(lane, provider, app_id, okta_domain))
    return texts + list(_entra(config, provider, app_id))


def okta_app_link(okta: OktaConfig, app_id: str, okta_domain: str = OKTA_DOMAINS[0]) -> str:
    """Where an administrator finds the app's provisioning tab."""
    return (
        f"https://{okta.org_name}-admin.{okta_domain}/admin/app/{okta.catalog_app}"
        f"/instance/{app_id}/#tab-provisioning"
    )


def _virtual_groups(config: ScimConfig) -> Iterator[Step]:
    if config.role_model == "virtualGroups":
        yield Step(
            "Cloudflare",
            f"ask your account team to confirm in writing that account {config.account.id} "
            f"({config.account.name}) keeps virtual groups; Cloudflare deprecated them on "
            f"{VIRTUAL_GROUPS_DEPRECATED} and asked everyone to leave them by "
            f"{VIRTUAL_GROUPS_LEFT_BY}.",
            proven_by=("cloudflare.group.*",),
        )


def _okta(lane: Lane, okta: OktaConfig, app_id: str, okta_domain: str) -> Iterator[Step]:
    """Guide, "Integrate the Cloudflare API" to "Configure user permissions on Okta"."""
    config, leaving = lane.config, lane.leaves_okta
    link = okta_app_link(okta, app_id, okta_domain)
    here = f"Okta, app {okta.app_label}"
    confirmed, by_api = okta.confirmed, not okta.by_hand
    in_use, switches = "cloudflare.token.used", "okta.features.*"
    pages = by_hand(api=by_api, leaving=leaving and (confirmed or by_api))
    integration, push = pages.pop(Page.INTEGRATION), pages.pop(Page.PUSH)
    if not by_api and not confirmed:
        yield Step(
            here,
            "Provisioning > Configure API Integration, select Enable API integration, enter SCIM "
            f"2.0 Base Url {scim_base_url(config)} and as OAuth Bearer Token what "
            f"`{PRINT_TOKEN}` prints, {to_do(integration)}, select Test API Credentials, then "
            "Save.",
            link,
            (in_use, switches),
        )
        for page, boxes in pages.items():
            yield Step(here, f"{page} > Edit, {to_do(boxes)}, then Save.", link, (switches,))
    else:
        # Who confirmed too early still has to do it, and is told the same things.
        more = "".join(
            f", and in {page.tab} > Edit that {state(boxes)}" for page, boxes in pages.items()
        )
        yield Step(
            here,
            f"{Page.INTEGRATION} > Edit, check that SCIM 2.0 Base Url is {scim_base_url(config)} "
            f"and that {state(integration)} (Okta has no API for it){more}.",
            link,
            (in_use, switches),
        )
    yield Step(
        here,
        f"{Page.PUSH}, {to_do(push)}, then Save; Okta has no API for it.",
        link,
        # Confirmed by a person, and every push went through.
        ("okta.push.*",),
    )
    if not by_api and not confirmed:
        yield Step(
            "Stack file",
            "write identityProvider.apiIntegrationConfirmed: true and run `pulumi up` again; the "
            "users' group is assigned and the role groups are pushed only then. Assign nobody to "
            "the app before: who is assigned already is sent only by Assignments > Provision "
            "User.",
        )
    elif not by_api:
        yield Step(
            here,
            "after every change of the token, Provisioning > Integration > Edit, enter as OAuth "
            f"Bearer Token what `{PRINT_TOKEN}` prints, select Test API Credentials, then Save.",
            link,
            (in_use,),
        )


def _entra(config: ScimConfig, entra: EntraConfig, app_id: str) -> Iterator[Step]:
    """Cloudflare's Entra page: the user name must equal the address, case-sensitively."""
    known = people(config)
    whose = f"of {', '.join(known)}" if known else "of everyone in the role groups"
    yield Step(
        "Microsoft Entra admin center > Users",
        f"check that the user principal name {whose} equals the mail address letter for letter; "
        "Cloudflare compares them case-sensitively, and changing a person's name is for your "
        "directory's owner to decide.",
        proven_by=(ENTRA_USER_NAMES,),
        people=tuple(known),
    )
    if not entra.start:
        yield Step(
            f"Microsoft Entra admin center > Enterprise applications > {entra.app_name} "
            f"({app_id}) > Provisioning",
            "select Start provisioning, or write identityProvider.start: true.",
        )

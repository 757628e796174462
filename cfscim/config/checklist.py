"""The steps that no vendor's API covers, with the exact values to enter and where."""

from collections.abc import Iterator

from cfscim.config.access import people
from cfscim.config.models import EntraConfig, OktaConfig, ScimConfig
from cfscim.config.names import scim_base_url

_PRINT_VALUE = "pulumi stack output tokenValue --show-secrets"


def remaining_steps(config: ScimConfig, *, app_id: str, okta_domain: str = "okta.com") -> list[str]:
    """What a person has to do by hand, a step an entry, in the order it is done.

    `app_id` is the application's id in the identity provider; `okta_domain` the domain of the
    organisation, other than okta.com for preview and government organisations. The same steps
    stay listed after they were done, because nothing can read all of them back.
    """
    provider = config.identity_provider
    steps = list(_virtual_groups(config))
    if isinstance(provider, OktaConfig):
        return steps + list(_okta(config, provider, app_id, okta_domain))
    return steps + list(_entra(config, provider, app_id))


def okta_app_link(okta: OktaConfig, app_id: str, okta_domain: str = "okta.com") -> str:
    """Where an administrator finds the app's provisioning tab."""
    return (
        f"https://{okta.org_name}-admin.{okta_domain}/admin/app/{okta.catalog_app}"
        f"/instance/{app_id}/#tab-provisioning"
    )


def _virtual_groups(config: ScimConfig) -> Iterator[str]:
    if config.role_model == "virtualGroups":
        yield (
            f"Cloudflare: ask your account team to confirm in writing that account "
            f"{config.account.id} ({config.account.name}) keeps virtual groups; Cloudflare "
            "deprecated them on 2025-06-02 and asked everyone to leave them by 2025-12-02."
        )


def _okta(config: ScimConfig, okta: OktaConfig, app_id: str, okta_domain: str) -> Iterator[str]:
    """Guide, "Integrate the Cloudflare API" to "Configure user permissions on Okta"."""
    link = okta_app_link(okta, app_id, okta_domain)
    here = f"Okta, app {okta.app_label} ({link})"
    confirmed = okta.api_integration_confirmed
    if okta.api_integration == "console" and not confirmed:
        yield (
            f"{here}: Provisioning > Configure API Integration, select Enable API integration, "
            f"enter SCIM 2.0 Base Url {scim_base_url(config)} and as OAuth Bearer Token what "
            f"`{_PRINT_VALUE}` prints, clear Import Groups, select Test API Credentials, then "
            "Save."
        )
        yield (
            f"{here}: Provisioning > To App > Edit, enable Create Users and Deactivate Users, "
            "leave Update User Attributes and Sync Password off, then Save."
        )
    else:
        yield (
            f"{here}: Provisioning > Integration > Edit, check that SCIM 2.0 Base Url is "
            f"{scim_base_url(config)} and that Import Groups is cleared; Okta has no API for it."
        )
    yield (
        f"{here}: Push Groups > gear icon, clear Rename app groups to match group name in Okta, "
        "then Save; Okta has no API for it."
    )
    if okta.api_integration == "console" and not confirmed:
        yield (
            "Stack file: write identityProvider.apiIntegrationConfirmed: true and run `pulumi up` "
            "again; the role groups are pushed only then."
        )
    elif okta.api_integration == "console":
        yield (
            f"{here}: after every change of the token, Provisioning > Integration > Edit, enter as "
            f"OAuth Bearer Token what `{_PRINT_VALUE}` prints, select Test API Credentials, then "
            "Save."
        )


def _entra(config: ScimConfig, entra: EntraConfig, app_id: str) -> Iterator[str]:
    """Cloudflare's Entra page: the user name must equal the address, case-sensitively."""
    known = people(config)
    whose = f"of {', '.join(known)}" if known else "of everyone in the role groups"
    yield (
        f"Microsoft Entra admin center > Users: check that the user principal name {whose} equals "
        "the mail address letter for letter; Cloudflare compares them case-sensitively, and "
        "changing a person's name is for your directory's owner to decide."
    )
    if not entra.start:
        yield (
            f"Microsoft Entra admin center > Enterprise applications > {entra.app_name} "
            f"({app_id}) > Provisioning: select Start provisioning, or write "
            "identityProvider.start: true."
        )

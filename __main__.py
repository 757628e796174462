"""The Pulumi program: one typed config object in, one component, the stack's outputs out."""

import os

import pulumi

from cfscim.config.lanes import lanes
from cfscim.config.messages import ScimError
from cfscim.config.models import OktaConfig, parse_config
from cfscim.config.provider_settings import OKTA_DOMAINS, okta_domain, require_organisation
from components.refusal import end_quietly, refusal


def main() -> None:
    """Declares the stack; a wrong config ends it before, with each problem on its own line."""
    try:
        value = pulumi.Config("cloudflare-scim").get_object("scim")
        config = parse_config(value, stack=pulumi.get_stack())
        domain = OKTA_DOMAINS[0]
        for provider in (lane.config.identity_provider for lane in lanes(config)):
            if isinstance(provider, OktaConfig):
                settings = pulumi.Config("okta")
                require_organisation(provider.org_name, settings.get("orgName"), os.environ)
                domain = okta_domain(settings.get("baseUrl"), os.environ)
    except ScimError as error:
        raise refusal(str(error)) from None

    # After the check, so that a wrong config never waits for a provider SDK to load.
    from components.stack import CloudflareScim

    scim = CloudflareScim("cloudflare-scim", config, domain)
    for name, value in scim.stack_outputs.items():
        pulumi.export(name, value)


if __name__ == "__main__":
    end_quietly()
main()

"""The Pulumi program: one typed config object in, one component, the stack's outputs out.

Reads `cloudflare-scim:scim` of the selected stack. A config with problems ends the run before
anything is declared, with every problem on a line of its own.
"""

import os

import pulumi

from cfscim.config.lanes import lanes
from cfscim.config.messages import ScimError
from cfscim.config.models import OktaConfig, parse_config
from cfscim.config.organisation import OKTA_DOMAINS, okta_domain, require_organisation


def main() -> None:
    """Declares the stack; raises `pulumi.RunError` (no traceback) when the config is wrong."""
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
        raise pulumi.RunError(str(error)) from None

    # After the check, so that a wrong config never waits for a provider SDK to load.
    from components.stack import CloudflareScim

    scim = CloudflareScim("cloudflare-scim", config, domain)
    for name, value in scim.stack_outputs.items():
        pulumi.export(name, value)


main()

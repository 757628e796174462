"""The Pulumi program: one typed config object in, one component, the stack's outputs out."""

import os

import pulumi

from cfscim.config.messages import PROJECT, ScimError
from cfscim.config.models import ScimConfig, parse_config
from cfscim.config.tenant import ASKED, require_tenant
from components.refusal import end_quietly, refusal, warn_of_examples


def main() -> ScimConfig:
    """Declares the stack; a wrong config ends it before, with each problem on its own line."""
    try:
        value = pulumi.Config(PROJECT).get_object("scim")
        config = parse_config(value, stack=pulumi.get_stack())
        settings = {f"{of}:{key}": pulumi.Config(of).get(key) or "" for of, key in ASKED}
        domain = require_tenant(config, settings, os.environ)
    except ScimError as error:
        raise refusal(str(error)) from None

    # After the check, so that a wrong config never waits for a provider SDK to load.
    from components.stack import CloudflareScim

    scim = CloudflareScim(PROJECT, config, domain)
    for name, value in scim.stack_outputs.items():
        pulumi.export(name, value)
    return config


if __name__ == "__main__":
    end_quietly()
    warn_of_examples(main())
else:  # a command's run, which says the same by itself
    main()

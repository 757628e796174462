"""Pulumi components, one a file. They read no config and no environment: all comes as ScimConfig."""

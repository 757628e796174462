"""Pulumi components, one a file. They read no config and no environment: all is in ScimConfig."""

"""The Pulumi program run in this process, without an engine."""

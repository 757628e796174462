"""The typed stack config and every fact that follows from it. No Pulumi."""

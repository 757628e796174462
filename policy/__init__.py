"""Pulumi policy pack: the rules of `scim.policies` on what the engine is about to do."""

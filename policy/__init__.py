"""Pulumi policy pack: the rules of `cfscim/config/policy` on what the engine is about to do."""

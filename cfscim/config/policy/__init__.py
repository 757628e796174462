"""The policy rules, by name: one evaluation for `plan` and for the policy pack."""

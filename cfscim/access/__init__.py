"""`access`: who has which role, in all accounts, since when, by which commit and whose approval."""

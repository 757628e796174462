"""`plan --against`: what a change does, for the person who approves it."""

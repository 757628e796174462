"""`adopt`: what exists and is not in the state, found by what the config declares."""

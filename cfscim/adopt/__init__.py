"""What exists at a vendor and is not in the state."""

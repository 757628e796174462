"""`plan`: what a stack declares and who gets which role."""

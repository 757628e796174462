"""`up`: a stack tried out on the sandbox."""

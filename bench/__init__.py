"""What this program costs beside a bare one and beside the plain version: `make bench`."""

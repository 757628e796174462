"""Microsoft Graph, a noun a file."""

"""The Entra half, one component or resource a file."""

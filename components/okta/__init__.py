"""The Okta half, one component or resource a file."""

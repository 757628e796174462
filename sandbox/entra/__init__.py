"""Microsoft Graph, the Entra login and Entra's provisioning service, on loopback."""

"""How Okta provisions: who uses an app, the console's settings, the cycle that tells the target."""

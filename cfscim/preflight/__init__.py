"""`preflight`: before an update, read-only: rights, names, people, licences, plan."""

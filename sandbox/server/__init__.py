"""What the three vendors' stand-ins share: server, routing, request log, faults, admin API."""

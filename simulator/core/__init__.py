"""The vocabulary that every service shares: records, state, clock, routes and wire shapes. Knows no service."""

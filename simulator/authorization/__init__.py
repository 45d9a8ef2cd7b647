"""Microsoft.Authorization: management locks, policy assignments, role assignments."""

"""Subscriptions, resource groups, tags, virtual machines and the cloud's own metadata."""

"""Backstop's core: decides which backup every VM must have, and brings it about through ports."""

"""Event Grid: who wants which events, and their delivery."""

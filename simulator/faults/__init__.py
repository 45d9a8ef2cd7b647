"""What goes wrong on purpose: throttling, broken connections, failing operations and jobs, and people who interfere."""

"""The demo: people and machines on a local Azure, Backstop at work among them, and a verdict that is not its own."""

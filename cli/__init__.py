"""The command line: the same engine as the deployed app, run from a laptop."""

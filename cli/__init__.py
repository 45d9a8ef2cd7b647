"""The command line: the same engine as the deployed app, run from a laptop."""

__version__ = "0.1.0"

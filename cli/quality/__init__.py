"""The engine of `./backstop test`: everything that must be green, in one run, and nothing skipped silently.

Entry: `run(argv) -> int`. It starts the tools as processes of their own and reads their results; it holds no rule
about Backstop itself.
"""

from cli.quality.runner import run

__all__ = ["run"]

"""Writes requirements*.txt from requirements*.in: one resolution for every Python and system that Backstop supports.

The largest set is resolved first and binds the smaller ones, so that the deployed app, the command line and the tests
never hold two versions of a package. Azure's own command line has a resolution for itself, as it pins what we pin too.
Pins that still fit stay: delete a pin's lines to let it move.
"""

import subprocess
import sys
from itertools import pairwise

from cli.quality.steps import ROOT

LARGEST_FIRST = ("requirements-dev", "requirements-local", "requirements")
OPTIONS = (
    "--universal",
    "--generate-hashes",
    "--python-version=3.11",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
    "--quiet",
)


def compile_requirements() -> int:
    """Run `uv pip compile` for each set; the exit code of the first that fails, else 0. Needs the network."""
    compile_one = (sys.executable, "-m", "uv", "pip", "compile", *OPTIONS)
    commands: list[tuple[str, ...]] = [(*compile_one, "requirements-dev.in", "--output-file=requirements-dev.txt")]
    for bound, name in pairwise(LARGEST_FIRST):
        commands.append((*compile_one, f"--constraints={bound}.txt", f"{name}.in", f"--output-file={name}.txt"))
    commands.append((*compile_one, "requirements-clients.in", "--output-file=requirements-clients.txt"))
    for command in commands:
        code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        if code:
            return code
    return 0

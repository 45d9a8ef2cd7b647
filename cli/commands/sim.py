"""`sim`: serves the simulator until interrupted. It takes this process's place, since it shares no code with us.

The options are the simulator's own (`simulator/options.py`); here they are only handed on.
"""

import os
import subprocess
import sys
from collections.abc import Sequence


def run(arguments: Sequence[str]) -> int:
    """The simulator says its URL when it is ready; an interrupt or a SIGTERM ends it quietly."""
    command = [sys.executable, "-m", "simulator", *arguments]
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606  # our own interpreter: whoever ends us ends the simulator
    return subprocess.run(command, check=False).returncode

"""`sim`: serves the simulator until interrupted. It takes this process's place, since it shares no code with us."""

import os
import subprocess
import sys


def run(port: int, vms: int, subscriptions: int, seed: int, latency_ms: int) -> int:
    """The simulator says its URL when it is ready; an interrupt or a SIGTERM ends it quietly."""
    arguments = ["--port", str(port), "--vms", str(vms), "--seed", str(seed), "--latency-ms", str(latency_ms)]
    if subscriptions:
        arguments += ["--subscriptions", str(subscriptions)]
    command = [sys.executable, "-m", "simulator", *arguments]
    if os.name == "posix":
        os.execv(command[0], command)  # noqa: S606  # our own interpreter: whoever ends us ends the simulator
    return subprocess.run(command, check=False).returncode

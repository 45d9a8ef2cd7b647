"""`sim`: serves the simulator until interrupted. It runs in a process of its own, since it shares no code with us."""

import subprocess
import sys


def run(port: int, vms: int, subscriptions: int, seed: int, latency_ms: int) -> int:
    """The simulator says its URL when it is ready; Ctrl-C ends it quietly."""
    arguments = ["--port", str(port), "--vms", str(vms), "--seed", str(seed), "--latency-ms", str(latency_ms)]
    if subscriptions:
        arguments += ["--subscriptions", str(subscriptions)]
    process = subprocess.Popen([sys.executable, "-m", "simulator", *arguments])
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal has interrupted both; where only we were, the simulator must not outlive us.
        process.terminate()
        process.wait()
        return 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()

"""The simulator as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_it_says_one_line_serves_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "simulator", "--vms", "30", "--clock", "stepped", "--seed", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        prefix = "Simulator ready at http://127.0.0.1:"
        try:
            assert line.startswith(prefix)
            with urllib.request.urlopen(line.removeprefix("Simulator ready at ").strip() + "/_sim/state") as answer:
                assert json.load(answer)["vms"] == 30
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=20)[0]
        assert (process.returncode, rest) == (0, "")


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "simulator", "--vms", "1", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("simulator: cannot listen on port ")
    assert done.stderr.count("\n") == 1

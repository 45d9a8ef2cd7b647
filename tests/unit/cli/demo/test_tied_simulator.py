import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]


def test_the_simulator_ends_when_whoever_started_it_is_gone() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.demo.tied_simulator", "--vms", "50", "--clock", "stepped"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Simulator ready at http://127.0.0.1:")
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()

"""Runs the simulator in a process that cannot outlive the demo: it ends when its standard input does.

The demo holds the other end of that pipe. However the demo ends, by SIGKILL too, the operating system closes it.
"""

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 5


def main(arguments: list[str]) -> None:
    """`python -m simulator` with these arguments, until standard input ends."""
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.argv = ["simulator", *arguments]
    runpy.run_module("simulator", run_name="__main__", alter_sys=True)


def _end_with_input() -> None:
    # Not through sys.stdin: a thread that waits in it holds a lock which the interpreter wants when it ends.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)  # it did not end by itself, and nobody is left to ask it again


if __name__ == "__main__":
    main(sys.argv[1:])

"""The command line's exit codes, as the README lists them. Errors carry theirs in `shared/errors.py`."""

DONE = 0
FAILED = 1  # the run ended, and a VM failed or a check did not hold
USAGE = 2  # wrong arguments; the launcher's for "no usable Python" too
POLICY = 3
LOGIN = 4
ENDPOINT = 5
LIMIT = 6
PAUSED = 7
SETTINGS = 8
REFUSED = 9  # asked before writing, and the answer was no, or nobody was there to answer
UNEXPECTED = 70
INTERRUPTED = 130

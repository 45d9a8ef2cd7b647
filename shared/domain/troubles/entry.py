"""The form of a line in the table of troubles: a code of the backup service, what it means, and what to do.

A line says what is known and how it is known. It decides nothing by itself: an HTTP status that allows for another try
goes before any code (`adapters/azure/arm_errors.py`).
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a code asks for. Unknown codes are kept whole in the finding."""

    RETRY_LATER = "RETRY_LATER"  # it passes by itself; the same call may succeed later
    MEND = "MEND"  # a person must change something first
    NO_TROUBLE = "NO_TROUBLE"  # the service says so that all is well
    UNKNOWN = "UNKNOWN"


class Known(StrEnum):
    """Where a code is known from; the value is what the page of troubles says."""

    GUIDE = "guide"  # Microsoft's troubleshooting guides (2025-11) and its support articles for single codes
    SEEN = "seen"  # recorded traffic, a published schema's example, or a public report that quotes the answer
    PRESUMED = "presumed"  # the meaning is documented, the name is not: the simulator has to give it one


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. A name with `*` stands for a family, and is asked after all exact names and numbers.

    `numbers` are the integers that jobs and health details carry beside the name. `wait` is how long a code keeps
    its meaning where that is known; None where the service says so in a header or not at all.
    """

    names: tuple[str, ...]
    kind: Kind
    sentence: str
    steps: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    wait: timedelta | None = None
    known: Known = Known.GUIDE

    @property
    def remedy(self) -> str:
        """The steps in one line, numbered where there are several."""
        if len(self.steps) < 2:
            return "".join(self.steps)
        return "; ".join(f"({number}) {step}" for number, step in enumerate(self.steps, start=1))

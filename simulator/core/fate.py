"""How the long-running work that a request starts is to end, where somebody wants it to end badly or late.

A service that starts such work asks the call for its fate; without one all goes well. Knows no service.
"""

from dataclasses import dataclass, field

from simulator.core.wire import Json


@dataclass(frozen=True, slots=True)
class Fate:
    """`error` (`{"code", "message"}`) fails the operation and its job, with no other effect.

    `delay` are virtual seconds more than usual. `job_status` and `job_errors` (`errorDetails` of a job) are the end of
    the job alone, such as a backup's.
    """

    error: Json | None = None
    delay: float = 0.0
    job_status: str = ""
    job_errors: tuple[Json, ...] = field(default=())

"""What management locks forbid: a write below one is refused with ARM's 409 `ScopeLocked` until it goes.

ReadOnly forbids every write, CanNotDelete deletions alone (documentation of locks, 2024). The records are the state's,
whoever put them there: a request, the estate's file, or another actor of `/_sim/faults`. Locks themselves can always
be put and taken away.
"""

from simulator.control.ledger import NEITHER, QUESTIONS
from simulator.core.routing import Call
from simulator.core.surroundings import Level, Lock
from simulator.core.wire import AzureError, Json

MANAGED = "/providers/microsoft.authorization/"
#: The name of a lock that another actor puts on.
SOMEBODYS = "locked-by-somebody"


class Locks:
    """The locks of a world, as its state holds them."""

    def __init__(self, records: dict[str, Lock]) -> None:
        self._records = records

    def add(self, scope: str, level: Level = "ReadOnly", name: str = SOMEBODYS) -> None:
        """Put a lock on a scope."""
        identity = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        self._records[identity.lower()] = Lock(identity, name, scope, level)

    def remove(self, scope: str, name: str = SOMEBODYS) -> None:
        """Take the lock of that name away, if it is there."""
        self._records.pop(f"{scope}/providers/Microsoft.Authorization/locks/{name}".lower(), None)

    def over(self, resource: str, *, deletion: bool = False) -> str | None:
        """The scope of a lock that forbids to write this resource (or, with `deletion`, to delete it), or None."""
        low = f"{resource.lower()}/"
        for lock in self._records.values():
            if (deletion or lock.level == "ReadOnly") and low.startswith(f"{lock.scope.lower()}/"):
                return lock.scope
        return None

    def refuse(self, call: Call) -> None:
        """Raises AzureError 409 for a write that a lock forbids; whoever asks only may go on."""
        if not self._records or call.method in ("GET", "HEAD", "OPTIONS") or call.operation in QUESTIONS | NEITHER:
            return
        scope = self.over(call.path, deletion=call.method == "DELETE")
        if scope is None or MANAGED in call.path.lower():
            return
        verb = "delete" if call.method == "DELETE" else "write"
        message = (
            f"The scope '{call.path}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{scope}'. Please remove the lock and try again."
        )
        raise AzureError(409, "ScopeLocked", message)

    def to_json(self) -> list[Json]:
        """Scope and level of each."""
        return [{"scope": lock.scope, "level": lock.level} for lock in self._records.values()]

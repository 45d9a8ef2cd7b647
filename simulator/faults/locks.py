"""Locks that people put on a scope: a write below it is refused with ARM's 409 `ScopeLocked` until they go.

A lock is ReadOnly and known here only by its effect: it is no resource that can be read, and only other actors
(`/_sim/faults`) put one on.
"""

from simulator.control.ledger import NEITHER, QUESTIONS
from simulator.core.routing import Call
from simulator.core.wire import AzureError, Json


class Locks:
    """Scopes by lower-cased id."""

    def __init__(self) -> None:
        self._scopes: dict[str, str] = {}

    def add(self, scope: str) -> None:
        self._scopes[scope.lower()] = scope

    def remove(self, scope: str) -> None:
        self._scopes.pop(scope.lower(), None)

    def over(self, resource: str) -> str | None:
        """The locked scope that this resource lies in, or None."""
        low = f"{resource.lower()}/"
        return next((scope for key, scope in self._scopes.items() if low.startswith(f"{key}/")), None)

    def refuse(self, call: Call) -> None:
        """Raises AzureError 409 for a write below a locked scope; whoever asks only may go on."""
        if not self._scopes or call.method in ("GET", "HEAD", "OPTIONS") or call.operation in QUESTIONS | NEITHER:
            return
        scope = self.over(call.path)
        if scope is None:
            return
        verb = "delete" if call.method == "DELETE" else "write"
        message = (
            f"The scope '{call.path}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{scope}'. Please remove the lock and try again."
        )
        raise AzureError(409, "ScopeLocked", message)

    def to_json(self) -> list[Json]:
        return [{"scope": scope, "level": "ReadOnly"} for scope in self._scopes.values()]

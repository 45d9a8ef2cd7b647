"""What the core needs from the world, as Protocols; adapters provide it, tests fake it.

Every method may raise `RetryLaterError`, `PermanentError` or `SettingsError` (see errors.py). A method that finds
nothing says so with None or an empty tuple; a failed read raises, so that it is never taken for "nothing there".

The ports of the enforcement policy are in `policy.py` and are imported from there: only they need the compiled policy.
"""

from shared.ports.azure import Backup, Compute, EstateSource, Hazards, Inventory, Jobs, Preflight, RecoveryPoints
from shared.ports.records import BookPage, Books, FindingStore, Intent, Ledger, OptOuts, Runs
from shared.ports.work import Claims, Clock, Notices, PauseSwitch, Received, WorkQueue, WorkSource

__all__ = [
    "Backup",
    "BookPage",
    "Books",
    "Claims",
    "Clock",
    "Compute",
    "EstateSource",
    "FindingStore",
    "Hazards",
    "Intent",
    "Inventory",
    "Jobs",
    "Ledger",
    "Notices",
    "OptOuts",
    "PauseSwitch",
    "Preflight",
    "Received",
    "RecoveryPoints",
    "Runs",
    "WorkQueue",
    "WorkSource",
]

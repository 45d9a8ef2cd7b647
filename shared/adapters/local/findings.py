"""The latest finding of each VM in SQLite, and the reports as files beside it, for a person to open.

A report is written whole or not at all: a reader sees the old one or the new one.
"""

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from shared.adapters.local.store import Store, to_micros
from shared.domain import finding_json
from shared.domain.advice import Advisory
from shared.domain.arm_id import ArmId
from shared.domain.model import Finding
from shared.errors import SettingsError
from shared.ports import Clock

_REPORT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")
# A finding from the future was made before the clock went back, and must not outlast what is seen now.
_SAVE = """
INSERT INTO findings (vm, at, body) VALUES (?, ?, ?)
ON CONFLICT (vm) DO UPDATE SET at = excluded.at, body = excluded.body
WHERE excluded.at >= findings.at OR findings.at > ?
"""


class LocalFindingStore:
    """`FindingStore` on a store; reports lie in its folder `reports`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.reports: Path = store.directory / "reports"

    async def save(self, findings: Sequence[Finding]) -> None:
        """Replace the latest finding of each of these VMs; an older finding never replaces a newer one."""
        rows = self._rows(findings)
        with self._store.transaction() as connection:
            connection.executemany(_SAVE, rows)

    async def replace_all(self, findings: Sequence[Finding], subscriptions: Collection[str] | None) -> None:
        """A complete discovery of these subscriptions (None: of all), in one step: VMs not in it lose their findings.

        Of a VM that is in it, a newer finding stays, because a worker looked at it after the discovery did.
        """
        rows = self._rows(findings)
        with self._store.transaction() as connection:
            connection.execute("CREATE TEMP TABLE IF NOT EXISTS discovered (vm TEXT PRIMARY KEY)")
            connection.execute("DELETE FROM discovered")
            connection.executemany("INSERT OR IGNORE INTO discovered (vm) VALUES (?)", [(row[0],) for row in rows])
            gone = "DELETE FROM findings WHERE vm NOT IN (SELECT vm FROM discovered)"
            if subscriptions is None:
                connection.execute(gone)
            else:
                within = [(f"/subscriptions/{each.lower()}/%",) for each in subscriptions]
                connection.executemany(f"{gone} AND vm LIKE ?", within)
            connection.executemany(_SAVE, rows)

    async def latest(self) -> tuple[Finding, ...]:
        """One finding for each VM, ordered by VM id. SettingsError where one of them cannot be read."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT vm, body FROM findings ORDER BY vm").fetchall()
        return tuple(self._decoded(vm, body) for vm, body in rows)

    async def of(self, vm_id: ArmId) -> Finding | None:
        """The latest finding of one VM."""
        with self._store.reading() as connection:
            row = connection.execute("SELECT body FROM findings WHERE vm = ?", (vm_id.key,)).fetchone()
        return None if row is None else self._decoded(vm_id.key, row[0])

    async def save_advisories(self, advisories: Sequence[Advisory], subscriptions: Collection[str] | None) -> None:
        """Replace the estate's advice about these subscriptions (None: about all), in one step.

        Advice about what lies in none of them, such as an assignment to a management group, is replaced each time.
        """
        swept = None if subscriptions is None else {each.lower() for each in subscriptions}
        by_place: dict[str, list[str]] = {}
        for each in advisories:
            place = each.subscription_id if swept is None or each.subscription_id in swept else ""
            by_place.setdefault(place, []).append(finding_json.encode_advisory(each))
        rows = [(place, number, body) for place, found in by_place.items() for number, body in enumerate(found)]
        with self._store.transaction() as connection:
            if swept is None:
                connection.execute("DELETE FROM advisories")
            else:
                gone = [(each,) for each in ("", *swept)]
                connection.executemany("DELETE FROM advisories WHERE subscription = ?", gone)
            connection.executemany("INSERT INTO advisories (subscription, place, body) VALUES (?, ?, ?)", rows)

    async def advisories(self) -> tuple[Advisory, ...]:
        """The estate's advice, by subscription and in the order saved. SettingsError where it cannot be read."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT body FROM advisories ORDER BY subscription, place").fetchall()
        try:
            return tuple(finding_json.decode_advisory(body) for (body,) in rows)
        except ValueError as error:
            raise SettingsError(
                f"Advice in {self._store.path} cannot be read: {error}", remedy="A new sweep replaces all of it"
            ) from error

    async def advice_by_vm(self) -> Mapping[str, tuple[Advisory, ...]]:
        """The advice of the findings that hold any; no other finding is decoded."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT vm, body FROM findings WHERE instr(body, '\"advisories\":[[') > 0 ORDER BY vm"
            ).fetchall()
        return {vm: self._decoded(vm, body).advisories for vm, body in rows}

    async def save_report(self, name: str, content: bytes) -> None:
        """Keep a report under a file name such as `report.html`; ValueError for anything but a plain file name."""
        target = self._report(name)
        temporary = target.with_name(f".{name}.{os.getpid()}.tmp")
        try:
            self.reports.mkdir(mode=0o700, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(target)
        except OSError as error:
            raise SettingsError(f"The report {target} cannot be written: {error}") from error

    async def load_report(self, name: str) -> bytes | None:
        """The latest report of that name."""
        target = self._report(name)
        try:
            return target.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SettingsError(f"The report {target} cannot be read: {error}") from error

    def _report(self, name: str) -> Path:
        if not _REPORT_NAME.fullmatch(name):
            raise ValueError(f"not a plain file name: {name!r}")
        return self.reports / name

    def _decoded(self, vm: str, body: str) -> Finding:
        try:
            return finding_json.decode(body)
        except ValueError as error:
            raise SettingsError(
                f"A finding in {self._store.path} cannot be read: {error}",
                resource_id=vm,
                remedy="A new sweep of the whole scope replaces every finding",
            ) from error

    def _rows(self, findings: Sequence[Finding]) -> list[tuple[str, int, str, int]]:
        now = to_micros(self._clock.now())
        return [(each.vm.key, to_micros(each.at), finding_json.encode(each), now) for each in findings]

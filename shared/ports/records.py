"""What Backstop itself keeps: intents, quota books, opt-outs, findings and reports."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.advice import Advisory
from shared.domain.arm_id import ArmId
from shared.domain.model import Finding
from shared.domain.opt_out_stretch import OptOutStretch
from shared.domain.vault_book import VaultBook


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be made: recorded first, so that a crash in between is seen afterwards."""

    at: datetime
    operation_url: str = ""  # empty: it is not known whether Azure got the request


class Ledger(Protocol):
    """What Backstop itself did, where Azure alone cannot tell (or tells late)."""

    async def intent(self, key: str) -> Intent | None:
        """The intent on record for a key such as `protect|<vm id>`."""

    async def record(self, key: str, intent: Intent) -> None:
        """Put an intent on record, replacing an older one."""

    async def forget(self, key: str) -> None:
        """Take an intent off the record."""

    async def with_prefix(self, prefix: str) -> Mapping[str, Intent]:
        """All intents whose keys begin so."""


@dataclass(frozen=True, slots=True)
class BookPage:
    """A vault's book with the version that a change of it must name; 0 for one that nobody has written."""

    version: int
    book: VaultBook


class Books(Protocol):
    """The ledger of quotas: a book for each vault, changed by compare-and-swap, shared by all workers."""

    async def of(self, subscription_id: str) -> Mapping[str, BookPage]:
        """The books of all the subscription's vaults, by vault key; those of vaults to be made among them."""

    async def swap(self, vault_key: str, version: int, book: VaultBook) -> bool:
        """Put the book in the place of the one with this version; False where somebody else was faster."""


class Runs(Protocol):
    """How the VMs of a run ended, so that one of which too many fail can be stopped."""

    async def count(self, run_id: str, vm_key: str, *, failed: bool) -> None:
        """The VM's latest end in this run."""

    async def ended(self, run_id: str) -> tuple[int, int]:
        """(VMs that ended, those of them that failed)."""


class OptOuts(Protocol):
    """Who opted out, and since when: an opt-out's whole stretch counts against the longest one allowed."""

    async def stretch(self, vm_key: str) -> OptOutStretch | None:
        """The stretch on record for the VM (lower-cased id)."""

    async def stretches(self) -> Mapping[str, OptOutStretch]:
        """All stretches on record, by VM key."""

    async def keep(self, stretches: Mapping[str, OptOutStretch]) -> None:
        """Put these on record, replacing older ones."""

    async def writer(self, vm_key: str) -> str:
        """Who last wrote the VM or its tags, as an event told it; empty where none did."""

    async def note_writer(self, vm_key: str, name: str, at: datetime) -> None:
        """Take down who wrote the VM or its tags; an older event does not replace a newer one."""


class FindingStore(Protocol):
    """The latest finding of each VM, and the reports made of them."""

    async def save(self, findings: Sequence[Finding]) -> None:
        """Replace the latest finding of each of these VMs; an older finding never replaces a newer one."""

    async def replace_all(self, findings: Sequence[Finding], subscriptions: Collection[str] | None) -> None:
        """A complete discovery of these subscriptions (None: of all): VMs not in it lose their findings."""

    async def latest(self) -> tuple[Finding, ...]:
        """One finding for each VM, ordered by VM id."""

    async def of(self, vm_id: ArmId) -> Finding | None:
        """The latest finding of one VM."""

    async def save_advisories(self, advisories: Sequence[Advisory], subscriptions: Collection[str] | None) -> None:
        """Replace the estate's advice about these subscriptions (None: about all), and about what lies in none."""

    async def advisories(self) -> tuple[Advisory, ...]:
        """The estate's advice: what no finding holds, as of the last sweep of each subscription."""

    async def advice_by_vm(self) -> Mapping[str, tuple[Advisory, ...]]:
        """The advice that the latest findings hold, by VM key; VMs without any are left out."""

    async def save_report(self, name: str, content: bytes) -> None:
        """Keep a rendered report under a name such as `report.html`."""

    async def load_report(self, name: str) -> bytes | None:
        """The latest report of that name."""

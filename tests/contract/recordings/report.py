"""What came of repeating one recording."""

from dataclasses import dataclass, field

from tests.contract.recordings.comparing import Difference


@dataclass
class Report:
    """Each exchange is compared, or skipped with the reason; `foreign` are those skipped as they are not served."""

    name: str
    replayed: int = 0
    compared: int = 0
    foreign: int = 0
    skipped: dict[str, list[int]] = field(default_factory=dict)
    #: Requests of which the simulator has no route: `POST Microsoft.Storage/storageAccounts/*/listKeys`.
    not_served: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    @property
    def ours(self) -> int:
        """How many exchanges are about what the simulator serves."""
        return self.replayed - self.foreign

    def skip(self, why: str, number: int, *, foreign: bool = True) -> None:
        """Exchange `number` is not compared."""
        self.skipped.setdefault(why, []).append(number)
        self.foreign += foreign

    def __str__(self) -> str:
        skipped = sum(map(len, self.skipped.values()))
        reasons = "".join(f"\n  {len(numbers)} skipped: {why}" for why, numbers in self.skipped.items())
        return f"{self.name}: {self.replayed} replayed, {self.compared} compared, {skipped} skipped{reasons}"

"""The quotas of the backup service: what one vault, one policy, one item or one subscription may have, or do in a day.

Asked by the service's handlers before they change anything; a refusal has then had no effect. Whoever asks is counted:
these are the vault's quotas, and no principal's. Days are UTC days (support matrix, January 2026).
"""

from collections import Counter
from datetime import datetime, timedelta

from simulator.control.ledger import QUESTIONS
from simulator.core.model import IAAS, BackupPolicy, ProtectedItem, Vault
from simulator.core.wire import AzureError, Json
from simulator.limits.refusal import for_a_day, for_hours
from simulator.limits.settings import Settings
from simulator.limits.window import Days, Windows

#: Counts that are shown: the highest.
SHOWN = 20


class Quotas:
    """Counts of one world; what it holds is counted when it is asked for."""

    def __init__(self, settings: Settings) -> None:
        self.refused: Counter[str] = Counter()
        self.begin(settings)

    def begin(self, settings: Settings) -> None:
        """Have these settings; today nothing has been done yet, and nobody is kept out."""
        self.settings = settings
        self._registered, self._changed, self._edited = Days(), Days(), Days()
        self._attempts = Windows()
        self._blocked: dict[str, datetime] = {}

    def _over(self, name: str, count: int) -> bool:
        over = name in self.settings.on and count >= self.settings.whole(name)
        self.refused[name] += over
        return over

    def is_full(self, vault: Vault) -> bool:
        """Whether the vault can take no more VMs; nothing is counted by asking."""
        machines = sum(item.management == IAAS for item in vault.items.values())
        return "vms-per-vault" in self.settings.on and machines >= self.settings.whole("vms-per-vault")

    def register(self, vault: Vault, policy: BackupPolicy, now: datetime) -> None:
        """One more VM is to be protected in this vault. Raises AzureError 400; else it is counted."""
        machines = sum(item.management == IAAS for item in vault.items.values())
        if self._over("vms-per-vault", machines):
            message = f"The vault protects {machines} virtual machines and cannot take more."
            raise AzureError(400, "UserErrorVaultLimitReached", message)
        self._room_under(vault, policy)
        if self._over("registrations-per-day", self._registered.count(vault.key, now)):
            raise for_a_day()
        self._change(vault, now)
        self._registered.add(vault.key, now)

    def move(self, vault: Vault, item: ProtectedItem, policy: BackupPolicy, now: datetime) -> None:
        """An item is to come under this policy. Raises AzureError 400; else it is counted."""
        if item.policy.lower() != policy.name.lower():
            self._room_under(vault, policy)
        self._change(vault, now)

    def _room_under(self, vault: Vault, policy: BackupPolicy) -> None:
        name = policy.name.lower()
        under = sum(item.policy.lower() == name and item.management == IAAS for item in vault.items.values())
        if self._over("vms-per-policy", under):
            message = f"The backup policy '{policy.name}' has {under} virtual machines and cannot take more."
            raise AzureError(400, "UserErrorPolicyVmLimitReached", message)

    def _change(self, vault: Vault, now: datetime) -> None:
        if self._over("changes-per-day", self._changed.count(vault.key, now)):
            raise for_a_day()
        self._changed.add(vault.key, now)

    def edit_policy(self, vault: Vault, now: datetime) -> None:
        """A backup policy is to be changed. Raises AzureError 400; else it is counted."""
        if self._over("policy-edits-per-day", self._edited.count(vault.key, now)):
            raise for_a_day()
        self._edited.add(vault.key, now)

    def add_policy(self, vault: Vault) -> None:
        """A backup policy is to be made. Raises AzureError 400."""
        if self._over("policies-per-vault", len(vault.policies)):
            message = f"The vault has {len(vault.policies)} backup policies and cannot take more."
            raise AzureError(400, "UserErrorVaultPolicyLimitReached", message)

    def add_vault(self, vaults: int) -> None:
        """A vault is to be made where there are so many. Raises AzureError 400."""
        if self._over("vaults-per-subscription", vaults):
            message = f"The subscription has {vaults} Recovery Services vaults and cannot take more."
            raise AzureError(400, "UserErrorSubscriptionVaultLimitReached", message)

    def back_up(self, today: int) -> None:
        """An item that has been backed up on demand so often today is to be once more. Raises AzureError 400."""
        if self._over("backups-per-day", today):
            message = "The daily limit of on-demand backups is reached."
            raise AzureError(400, "UserErrorMaxDailyBackupLimitReached", message)

    def attempt(self, method: str, path: str, operation: str, now: datetime) -> AzureError | None:
        """A write to the backup service is tried, at this lower-case path.

        An error where that has been tried too often, and for hours from then on.
        """
        if method in ("GET", "HEAD") or "/microsoft.recoveryservices/" not in path or operation in QUESTIONS:
            return None
        numbers = self.settings.numbers["cloud-dos"]
        key = f"{method} {path}"
        until = self._blocked.get(key)
        if until is None or now >= until:
            self._blocked.pop(key, None)
            period = timedelta(seconds=numbers["periodSeconds"])
            room, _, _ = self._attempts.take(key, int(numbers["attempts"]), period, now)
            if room or "cloud-dos" not in self.settings.on:
                return None
            self._blocked[key] = now + timedelta(seconds=numbers["blockedSeconds"])
        if "cloud-dos" not in self.settings.on:
            return None
        self.refused["cloud-dos"] += 1
        return for_hours()

    def to_json(self, now: datetime) -> dict[str, list[Json]]:
        """By limit: `[{key, count}]` of today, or of the last hour, the highest first."""
        days = {
            "registrations-per-day": self._registered,
            "changes-per-day": self._changed,
            "policy-edits-per-day": self._edited,
        }
        shown = {name: {key: each.count(key, now) for key in list(each.counts)} for name, each in days.items()}
        shown["cloud-dos"] = {key: window.count for key, window in self._attempts.held.items()}
        return {
            name: [
                {"key": key, "count": count}
                for key, count in sorted(counts.items(), key=lambda each: -each[1])[:SHOWN]
                if count
            ]
            for name, counts in shown.items()
        }

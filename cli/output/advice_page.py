"""docs/advice.md, from the one list of advice: `python -m cli.output.advice_page > docs/advice.md` writes it anew.

A test compares the page with what is generated, so that neither says what the other does not.
"""

import sys
from collections.abc import Mapping

from shared.domain.advice import Advice

_HEAD = """\
# Advice

<!-- Generated: python -m cli.output.advice_page > docs/advice.md -->

Advice stands beside the verdicts: it tells what threatens a backup, or shows what it is worth, and changes no verdict
and no write. The codes are stable: the report, `explain` and `--json` use them. A code is told with the resource that
it is about and the value that gave rise to it. What could not be read has codes of its own: not known is never fine.

A finding holds the advice about its VM, as of the last look at the VM itself: agent and backup extension are shown by
Azure to whoever reads one VM, not to a sweep. Each sweep replaces the estate's advice: about vaults, protected items
without a VM, locks, assignments of Azure Policy and key vaults. That another assignment of Azure Policy may add a
missing tag first is not taken into account. Backup policies that name a resource group of their own for snapshots are
not followed there.
"""
_ABOUT: Mapping[str, tuple[str, ...]] = {
    "The VM": ("AGENT_", "BACKUP_EXTENSION_"),
    "Its jobs": ("BACKUP_JOB_", "CONFIGURE_JOB_"),
    "Vaults, backup policies and protected items": ("VAULT_", "BACKUP_POLICY_", "ITEM_"),
    "Surroundings": ("LOCK_", "POLICY_", "SURROUNDINGS_", "KEY_VAULT_"),
}


def page() -> str:
    """The whole page, by what the advice is about."""
    text = _HEAD
    for title, beginnings in _ABOUT.items():
        text += f"\n## {title}\n\n| code | what is so | what to do |\n|---|---|---|\n"
        for each in Advice:
            if each.code.startswith(beginnings):
                text += f"| `{each.code}` | {_cell(each.sentence)} | {_cell(each.remedy or 'nothing')} |\n"
    return text


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(page())

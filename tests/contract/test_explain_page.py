"""docs/explain.md shows real output: each example on it is what `explain` prints of the estate in `explained/`.

`BACKSTOP_WRITE_DOCS=1 pytest tests/contract/test_explain_page.py` writes the examples anew.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.commands import explain
from cli.options import Options
from cli.output.console import err, out
from simulator.server import running

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "explain.md"
POLICY, ESTATE = HERE / "explained" / "policy.yaml", HERE / "explained" / "estate.yaml"
EXAMPLE = re.compile(r"<!-- example: (\S+) -->\n```(?:yaml)?\n(.*?)```\n", re.DOTALL)

#: Every VM of the estate, and what somebody who never saw the code must find in its explanation.
TOLD = {
    "vm-sql-1": "✓ effective tag env is prod (it has env=prod (resource group))",
    "vm-sql-2": "✓ tag role is replica (it has role=replica)",
    "vm-sql-3": "the tag says backup-tier=Platinum, the rule allows Gold or Silver",
    "vm-sql-4": "no tag backup-tier names one, and the rule has no `name`",
    "vm-sql-5": "? the rule forbids opting out; the tag is not honoured",
    "vm-shop-1": "Nothing: the VM has the backup that its rule asks for.",
    "vm-shop-2": "Somebody stopped this VM's backup",
    "vm-shop-3": "DefaultPolicy instead of EnhancedPolicy",
    "vm-shop-4": "vault rsv-weu-1? in westeurope, the VM in northeurope",
    "vm-trial-1": "Nothing is written: the rule trial only audits",
    "vm-crm-1": "vault rsv-plain? not one that rule default accepts",
    "vm-crm-2": "NO_VAULT_IN_REGION",
    "vm-crm-3": "It is left alone until 2026-11-24 08:05 UTC; then Backstop looks again.",
    "vm-batch-1": "it says: reason rebuilt by pipeline, until 2027-01-31, ref CHG00123",
    "vm-batch-2": "? the opt-out has ended and is not honoured",
    "vm-batch-3": "it may last until 2027-02-22 at most, counted from now",
    "aks-nodepool1-0": "excluded as aks? yes",
    "vm-runner-1": "Azure Backup does not support ephemeral OS disks",
    "vm-play-1": "✓ resource group is sandbox-* (it has sandbox-7)",
    "vm-lab-1": "in the policy's scope? no",
    "vm-alien-1": "✗ management group is contoso",
}


async def test_twenty_kinds_of_vm_are_told_and_the_page_shows_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out.cache_clear()
    err.cache_clear()
    printed: dict[str, str] = {}
    async with running(estate=ESTATE) as (url, world):
        options = Options(policy=str(POLICY), endpoint=url, state=str(tmp_path))
        for vm_id in sorted(each.id for each in world.state.vms.values()):
            capsys.readouterr()
            assert await asyncio.to_thread(explain.run, options, vm_id) == 0
            printed[vm_id.rsplit("/", 1)[-1]] = shortened(capsys.readouterr().out)
        assert world.ledger.writes == []
    out.cache_clear()
    err.cache_clear()
    assert printed.keys() == TOLD.keys()
    assert {name: told for name, told in TOLD.items() if told not in " ".join(printed[name].split())} == {}
    printed["policy.yaml"] = POLICY.read_text(encoding="utf-8")
    if os.environ.get("BACKSTOP_WRITE_DOCS"):
        text = EXAMPLE.sub(lambda found: example(found[1], printed[found[1]]), PAGE.read_text(encoding="utf-8"))
        PAGE.write_text(text, encoding="utf-8")
    shown = dict(examples())
    assert len(shown) >= 8
    for name, text in shown.items():
        assert text == printed[name], f"{name}: {__doc__}"


def examples() -> Iterator[tuple[str, str]]:
    for found in EXAMPLE.finditer(PAGE.read_text(encoding="utf-8")):
        yield found[1], found[2]


def example(name: str, text: str) -> str:
    return f"<!-- example: {name} -->\n```{'yaml' if name.endswith('.yaml') else ''}\n{text}```\n"


def shortened(text: str) -> str:
    """Without what is long or changes with every version: the subscription's id, and the policy's hash."""
    text = re.sub(r"/subscriptions/[0-9a-f-]{36}/", "/subscriptions/…/", text)
    return re.sub(r"\([0-9a-f]{12}\)", "(…)", text)

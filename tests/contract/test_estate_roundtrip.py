"""A copy of an estate gives the same decisions as the estate: simulator, export, `sim --estate`, over real HTTP."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.commands import estate
from cli.commands.estate import Wish
from cli.options import Options
from shared.adapters.policy_file import load_policy
from shared.bootstrap import open_backstop
from shared.domain.compiled_policy import CompiledPolicy, compile_policy
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.reading import parse_policy
from shared.domain.reasons import Reason
from shared.settings import Settings
from simulator.server import running
from tests.simulator.classic import add_classic

VMS, SEED = 300, 11
ONLY_TAGS = """
apiVersion: backstop/v1
kind: EnforcementPolicy
metadata: {name: tags}
spec:
  rules:
    - {name: prod, priority: 1, match: {tags: {env: prod}}, optOut: forbidden, backupPolicy: {name: EnhancedPolicy}}
    - {name: rest, priority: 2, match: {}, backupPolicy: {name: DefaultPolicy}}
"""


@asynccontextmanager
async def serving(file: Path) -> AsyncIterator[str]:
    async with running(estate=file) as (url, _):
        yield url


async def decisions(url: str, policy: CompiledPolicy, folder: Path) -> dict[str, Any]:
    """Verdict, reasons and actions of every VM, by its id."""
    settings = Settings(endpoint=url, state_dir=folder / "state")
    async with open_backstop(settings, policy) as backstop:
        discovery = await backstop.sweeper.discover(settings.scope, "run")
    return {each.vm.text: (each.verdict, each.actions) for each in discovery.findings}


async def export(url: str, wish: Wish) -> None:
    assert await estate.export(Options(endpoint=url, as_json=True), wish) == 0


@pytest.mark.parametrize(("ending", "vms"), [("json", VMS), ("yaml", 60)])
async def test_a_copy_decides_as_its_source_does_and_gives_the_same_file_again(
    tmp_path: Path, ending: str, vms: int, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = load_policy("examples/demo.yaml")
    first, second = tmp_path / f"1.{ending}", tmp_path / f"2.{ending}"
    async with running(vms=vms, seed=SEED) as (url, _):
        source = await decisions(url, policy, tmp_path / "a")
        await export(url, Wish(first))
    async with serving(first) as url:
        copy = await decisions(url, policy, tmp_path / "b")
        await export(url, Wish(second))
    assert len(source) == vms
    assert len({verdict.state for verdict, _ in source.values()}) == 4
    assert sum(bool(actions) for _, actions in source.values()) > vms / 5
    assert copy == source
    assert second.read_bytes() == first.read_bytes()


async def test_an_anonymous_copy_names_nobody_and_counts_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = compile_policy(parse_policy(ONLY_TAGS, "tags.yaml"))
    assert isinstance(policy.policy, EnforcementPolicy)
    file, again = tmp_path / "1.json", tmp_path / "2.json"
    wish = Wish(file, anonymize=True, keep_tags=("ENV", "backup-opt-out"))
    async with running(vms=VMS, seed=SEED) as (url, world):
        source = await decisions(url, policy, tmp_path / "a")
        await export(url, wish)
        state = world.state
        names = {
            *(vm.name for vm in state.vms.values()),
            *(vault.name for vault in state.vaults.values()),
            *(each.name for each in state.subscriptions.values()),
            *state.subscriptions,
            *(vm.properties["vmId"] for vm in state.vms.values()),
            *(each.name for each in state.groups.values()),
            *(
                value
                for vm in state.vms.values()
                for name, value in (vm.tags or {}).items()
                if name in {"app", "owner"}
            ),
            state.tenant,
        }
    text = file.read_text(encoding="utf-8").lower()
    assert {name for name in names if f'"{name}"'.lower() in text or f"/{name}/".lower() in text} == set()
    async with serving(file) as url:
        copy = await decisions(url, policy, tmp_path / "b")
        await export(url, Wish(again))
    assert counts(copy) == counts(source)
    assert in_order(again) == in_order(file)


def in_order(file: Path) -> list[str]:
    """The entries, whatever their order: Resource Graph sorts by ids, which are others now."""
    return sorted(line.rstrip(",") for line in file.read_text(encoding="utf-8").splitlines())


def counts(found: dict[str, Any]) -> Counter[Any]:
    return Counter(
        (verdict.state, tuple(each.reason for each in verdict.reasons), verdict.rule, len(actions))
        for verdict, actions in found.values()
    )


@pytest.mark.parametrize("anonymize", [False, True])
async def test_a_classic_vm_comes_along_with_its_disks_and_its_power_state(
    tmp_path: Path, anonymize: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = compile_policy(parse_policy(ONLY_TAGS, "tags.yaml"))
    file = tmp_path / "1.json"
    async with running(vms=20, seed=SEED) as (url, world):
        beside = next(iter(world.state.vms.values()))
        for number, disks in enumerate((1, 17)):
            classic = add_classic(world.state, beside.id, f"old-{number}")
            blobs = [{"lun": lun, "diskSize": 64, "vhdUri": f"https://x/{lun}.vhd"} for lun in range(disks)]
            classic.properties["storageProfile"]["dataDisks"] = blobs
            classic.properties["instanceView"]["powerState"] = "StoppedDeallocated"
            world.state.touch("vm", classic.key, world.now())
        source = await decisions(url, policy, tmp_path / "a")
        await export(url, Wish(file, anonymize=anonymize, keep_tags=("ENV", "backup-opt-out") if anonymize else ()))
    async with running(estate=file) as (url, world):
        copy = await decisions(url, policy, tmp_path / "b")
        made = [vm for vm in world.state.vms.values() if vm.classic]
    assert counts(copy) == counts(source)
    assert any(verdict.has(Reason.UNSUPPORTED_TOO_MANY_DISKS) for verdict, _ in copy.values())
    assert sorted(len(vm.properties["storageProfile"]["dataDisks"]) for vm in made) == [1, 17]
    assert {vm.properties["instanceView"]["powerState"] for vm in made} == {"StoppedDeallocated"}
    assert {vm.properties["hardwareProfile"]["size"] for vm in made} == {"Standard_D2"}
    assert (made[0].name == "old-0") is not anonymize


async def test_a_management_group_copies_its_subscriptions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with running(vms=50, seed=SEED) as (url, world):
        inside = set(world.state.management_groups["corp-02"])
        options = Options(endpoint=url, scope=("corp-02",), as_json=True)
        assert await estate.export(options, Wish(tmp_path / "1.json")) == 0
    async with running(estate=tmp_path / "1.json") as (_, world):
        assert set(world.state.subscriptions) == inside
        assert set(world.state.management_groups) == {"corp", "corp-02"}
        assert world.state.management_parents == {"corp-02": "corp"}


async def test_a_scope_copies_its_part_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "1.json"
    async with running(vms=VMS, seed=SEED) as (url, world):
        one = next(iter(world.state.subscriptions))
        vms = len(world.state.vms.of(one))
        assert await estate.export(Options(endpoint=url, scope=(one,)), Wish(file)) == 0
        said = " ".join(capsys.readouterr().out.split())
    assert "1 subscriptions, 3 management groups, " in said
    assert f", {vms:,} VMs, " in said
    async with serving(file) as url, open_backstop(Settings(endpoint=url, state_dir=tmp_path)) as backstop:
        assert [each.id for each in backstop.subscriptions] == [one]

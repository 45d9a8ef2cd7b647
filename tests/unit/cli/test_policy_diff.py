"""`policy diff` over an estate in memory: exit codes, what is shown, and that an unread estate is never "no change"."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.commands import policy_diff
from cli.commands.policy_diff import EstateUnreadError, Wish
from cli.options import Options
from shared.domain.azure_answers import Scope
from shared.domain.model import ProtectionState
from shared.domain.policy_tools.diff import Aspect
from shared.errors import PermanentError, PolicyFileError, SettingsError
from tests.fakes import World, a_vault, a_vm, an_item
from tests.policies import compiled

HEAD = "apiVersion: backstop/v1\nkind: EnforcementPolicy\nmetadata: {name: x}\nspec:\n  mode: enforce\n"
ALL = "  rules: [{name: all, priority: 1, match: {}}]\n"
NOT_TWO = "  exclude: {any: [{names: two}]}\n"
RENAMED = "  rules: [{name: every, priority: 1, match: {}}]\n"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    here = World(compiled("rules: [{name: all, priority: 1, match: {}}]"))
    vault = a_vault()
    here.azure.vaults.append(vault)
    done = a_vm("done")
    here.azure.add(done, an_item(done.id, ProtectionState.PROTECTED, vault))
    here.azure.add(a_vm("one"))
    here.azure.add(a_vm("two"))

    @asynccontextmanager
    async def opened(_settings: object, _policy: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(sweeper=here.sweeper, settings=SimpleNamespace(scope=Scope()))

    monkeypatch.setattr(policy_diff, "open_backstop", opened)
    return here


def files(folder: Path, old: str, new: str) -> tuple[Path, Path]:
    paths = folder / "old.yaml", folder / "new.yaml"
    for path, text in zip(paths, (old, new), strict=True):
        path.write_text(HEAD + text, encoding="utf-8")
    return paths


async def test_the_vms_that_change_are_shown_and_counted(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wish = Wish(*files(tmp_path, ALL, ALL + NOT_TWO))
    assert await policy_diff.run(wish, Options(as_json=True)) == 1
    said = json.loads(capsys.readouterr().out)
    (change,) = said["changes"]
    assert change["vm"].endswith("/two")
    assert (change["before"]["state"], change["after"]["state"]) == ("NON_COMPLIANT", "NOT_APPLICABLE")
    assert [each["action"] for each in change["before"]["actions"]] == ["EnableProtection", "StartInitialBackup"]
    assert (said["vms"], said["changed"], said["byAspect"]["actions"]) == (3, 1, 1)
    assert [each["path"] for each in said["edits"]] == ["spec.exclude.any"]
    assert await policy_diff.run(wish, Options()) == 1
    shown = capsys.readouterr().out
    assert "1 of 3 VMs change" in shown
    assert "Newly to be written to: 0. No longer: 1." in shown
    assert world.azure.writes == []


async def test_policies_that_decide_alike_change_nothing(world: World, tmp_path: Path) -> None:
    assert await policy_diff.run(Wish(*files(tmp_path, ALL, f"  settle: PT11M\n{ALL}")), Options()) == 0
    assert len(world.azure.vms) == 3


async def test_only_leaves_out_what_changes_in_nothing_that_was_asked_for(world: World, tmp_path: Path) -> None:
    renamed = files(tmp_path, ALL, RENAMED)
    assert await policy_diff.run(Wish(*renamed), Options()) == 1
    assert await policy_diff.run(Wish(*renamed, only=(Aspect.ACTIONS,)), Options()) == 0
    assert await policy_diff.run(Wish(*renamed, only=(Aspect.RULE, Aspect.ACTIONS)), Options()) == 1
    assert len(world.azure.vms) == 3


@pytest.mark.parametrize("method", ["protections", "vaults in bulk", "vms"])
async def test_an_estate_that_could_not_be_read_is_an_error_of_its_own(
    world: World, tmp_path: Path, method: str
) -> None:
    world.azure.fail[method] = [PermanentError("no leave to read", code="Forbidden")] * 9
    with pytest.raises(EstateUnreadError, match="no leave to read") as caught:
        await policy_diff.run(Wish(*files(tmp_path, ALL, ALL + NOT_TWO)), Options())
    assert caught.value.exit_code == 5


async def test_a_bad_policy_or_estate_is_told_before_anything_is_read(world: World, tmp_path: Path) -> None:
    old, new = files(tmp_path, ALL, "  nonsense: 1\n")
    with pytest.raises(PolicyFileError, match=r"new\.yaml:6"):
        await policy_diff.run(Wish(old, new), Options())
    with pytest.raises(SettingsError, match="no such estate file"):
        await policy_diff.run(Wish(old, old, tmp_path / "none.json"), Options())
    with pytest.raises(SettingsError, match="Leave out"):
        await policy_diff.run(Wish(old, old, tmp_path / "none.json"), Options(endpoint="http://127.0.0.1:1"))
    assert world.azure.reads == []

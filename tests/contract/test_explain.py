"""`explain` against the local Azure: of each kind of VM it gives the reason that the estate's label names."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cli.commands import explain
from cli.options import Options
from cli.output.console import err, out
from shared.errors import SettingsError
from simulator.core.labels import KINDS, Label
from simulator.server import running
from simulator.world import World
from tests.policies import DEMO

SHOWN = {"protect": "What is missing", "untouched": "Nothing", "report": "leaves it to a person"}


@dataclass
class Here:
    """The simulator's world, the options that lead there, and what the verb printed last."""

    world: World
    options: Options
    capsys: pytest.CaptureFixture[str]

    async def explain(self, vm_id: str, *, as_json: bool = False) -> tuple[int, str]:
        """The exit code and what went to standard output. The verb has its own event loop, so it gets a thread."""
        self.capsys.readouterr()
        code = await asyncio.to_thread(explain.run, replace(self.options, as_json=as_json), vm_id)
        return code, self.capsys.readouterr().out

    async def data(self, vm_id: str, *, exit_code: int = 0) -> dict[str, Any]:
        code, printed = await self.explain(vm_id, as_json=True)
        assert code == exit_code
        result: dict[str, Any] = json.loads(printed)
        return result

    def labels(self) -> dict[str, Label]:
        """The first VM of each kind."""
        return {each.kind: each for each in reversed(self.world.state.labels.values())}


@pytest.fixture
async def here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Here]:
    """A local Azure of which the verbs write nothing."""
    out.cache_clear()
    err.cache_clear()
    async with running(vms=60, seed=3) as (url, world):
        yield Here(world, Options(policy=str(DEMO), endpoint=url, state=str(tmp_path)), capsys)
        assert world.ledger.writes == []
    out.cache_clear()
    err.cache_clear()


async def test_each_kind_of_vm_gets_the_reason_that_its_label_names(here: Here) -> None:
    labels = here.labels()
    assert set(labels) == {each.name for each in KINDS}
    for label in labels.values():
        data = await here.data(label.vm_id)
        assert data["vm"].lower() == label.vm_id.lower()
        assert label.why in {each["code"] for each in data["reasons"]}, label
        assert all(each["sentence"] for each in data["reasons"])
        assert bool(data["actions"]) == (label.expect == "protect"), label
        assert [each["name"] for each in data["rules"] if each["won"]] == ([data["rule"]] if data["rule"] else [])
        honoured = data["optOut"] is not None and data["optOut"]["honoured"]
        assert honoured == ("OPTED_OUT" in {each["code"] for each in data["reasons"]}), label
        chosen = [each["vault"] for each in data["vaults"] if each["chosen"]]
        assert all([each["vault"]] == chosen for each in data["actions"] if each["action"] == "EnableProtection")


async def test_a_person_reads_the_same_reason_and_what_comes_next(here: Here) -> None:
    for label in here.labels().values():
        code, shown = await here.explain(label.vm_id)
        assert code == 0
        assert label.why in shown
        assert SHOWN[label.expect] in shown, label
        assert "\x1b" not in shown


async def test_an_id_in_another_case_is_the_same_vm(here: Here) -> None:
    label = here.labels()["plain-unprotected"]
    assert "UNPROTECTED" in {each["code"] for each in (await here.data(label.vm_id.upper()))["reasons"]}


async def test_a_vm_that_does_not_exist_is_said_to_be_gone(here: Here) -> None:
    gone = here.labels()["plain-unprotected"].vm_id + "-gone"
    data = await here.data(gone, exit_code=1)
    assert ([each["code"] for each in data["reasons"]], data["seen"], data["actions"]) == (["VM_GONE"], None, [])


async def test_an_instance_of_a_uniform_scale_set_is_named_as_such_and_azure_is_not_asked_for_it(here: Here) -> None:
    group = here.labels()["plain-unprotected"].vm_id.rsplit("/", 2)[0]
    data = await here.data(f"{group}/virtualMachineScaleSets/web/virtualMachines/3")
    assert [each["code"] for each in data["reasons"]] == ["EXCLUDED_VMSS_UNIFORM"]
    assert (data["verdict"], data["seen"], data["actions"]) == ("NOT_APPLICABLE", None, [])


async def test_a_vm_outside_the_scope_of_the_settings_is_refused(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, *others = sorted(
        {each.vm_id.split("/")[2]: each.vm_id for each in here.world.state.labels.values()}.items()
    )
    monkeypatch.setenv("BACKSTOP_SCOPE", inside[0])
    assert (await here.data(inside[1]))["vm"]
    with pytest.raises(SettingsError) as refused:
        await here.explain(others[0][1])
    assert (refused.value.code, refused.value.exit_code) == ("OUT_OF_SCOPE", 8)


@pytest.mark.parametrize("text", ["web-01", "/subscriptions/x/resourceGroups/y", ""])
async def test_what_is_no_vm_id_is_refused_with_the_form_that_is_expected(here: Here, text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        await here.explain(text)
    assert refused.value.exit_code == 8
    assert "Microsoft.Compute/virtualMachines/NAME" in refused.value.remedy

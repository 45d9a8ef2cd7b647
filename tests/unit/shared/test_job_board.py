"""Resource Graph's jobs and the vaults' put together, on fakes that each know a part."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.model import ProtectionState, Vault
from shared.errors import BackstopError, LoginError, PermanentError, RetryLaterError, SettingsError
from shared.job_board import VAULTS_ASKED, Board, JobReader, Wish
from tests.fakes import START, SUB, FakeAzure, FakeClock, a_vault, a_vm, an_item, vm_id

DAY = START - timedelta(days=1)


@dataclass
class FakeJobs:
    """What Resource Graph shows, what the vaults know, and which of them fail."""

    graph: list[BackupJob] = field(default_factory=list)
    vaults: dict[str, list[BackupJob]] = field(default_factory=dict)
    fail: dict[str, BackstopError] = field(default_factory=dict)
    asked: list[tuple[str, datetime]] = field(default_factory=list)

    async def jobs(self, vault_id: str, since: datetime) -> tuple[BackupJob, ...]:
        self.asked.append((vault_id.rsplit("/", 1)[-1], since))
        errors = {key.lower(): each for key, each in self.fail.items()}
        if vault_id.lower() in errors:
            raise errors[vault_id.lower()]
        jobs = {key.lower(): each for key, each in self.vaults.items()}.get(vault_id.lower(), [])
        return tuple(each for each in jobs if each.started is None or each.started >= since)

    async def jobs_in(self, scope: Scope, since: datetime) -> AsyncIterator[BackupJob]:
        for each in self.graph:
            if not scope.subscriptions or each.vault_id.split("/")[2] in scope.subscriptions:
                yield each

    async def configured(self, scope: Scope) -> AsyncIterator[BackupJob]:
        for each in self.graph:
            if each.operation == "ConfigureBackup":
                yield each

    async def failed_last(self, scope: Scope) -> AsyncIterator[BackupJob]:
        for each in self.graph:
            yield each


class Here:
    """A reader over fakes."""

    def __init__(self, *vaults: Vault) -> None:
        self.clock, self.jobs = FakeClock(), FakeJobs()
        self.azure = FakeAzure(self.clock)
        self.azure.vaults.extend(vaults)
        self.reader = JobReader(self.jobs, self.azure.inventory, self.clock)

    async def look(self, **wish: object) -> Board:
        return await self.reader.look(replace(Wish(Scope(), DAY), **wish))  # type: ignore[arg-type]  # a test's own


VAULT = a_vault()


def a_job(
    number: int = 1, status: str = "InProgress", ago: float = 1, vault: Vault = VAULT, vm: str = "web-01"
) -> BackupJob:
    return BackupJob(
        f"{vault.id.text}/backupJobs/{number}",
        "Backup",
        status,
        f"iaasvmcontainerv2;app-rg;{vm}",
        START - timedelta(hours=ago),
        vault_id=vault.id.text,
    )


def known(job: BackupJob, vm: str = "web-01") -> BackupJob:
    return replace(job, vm_id=vm_id(vm).key)


def shown(board: Board) -> list[tuple[str, str]]:
    return [(each.id.rsplit("/", 1)[-1], each.status) for each in board.jobs]


async def test_the_vaults_word_goes_before_resource_graphs_and_the_vms_id_stays() -> None:
    here = Here(VAULT)
    here.jobs.graph = [known(a_job(1)), known(a_job(2, "Completed", 5))]
    here.jobs.vaults[VAULT.id.text] = [a_job(1, "Completed"), a_job(3, ago=0.1)]
    board = await here.look()
    assert shown(board) == [("3", "InProgress"), ("1", "Completed"), ("2", "Completed")]
    assert {each.vm_id for each in board.jobs} == {vm_id().key}
    assert board.not_asked == 0


async def test_a_vault_is_asked_since_the_oldest_that_resource_graph_shows_as_running() -> None:
    here = Here(VAULT)
    await here.look()
    here.jobs.graph = [a_job(1, ago=9)]
    await here.look()
    assert [since for _, since in here.jobs.asked] == [START - timedelta(hours=2), START - timedelta(hours=9)]


async def test_a_job_that_only_the_vault_knows_gets_its_vm_from_the_protected_item() -> None:
    here = Here(VAULT)
    here.azure.add(a_vm(), an_item(vm_id(), ProtectionState.PROTECTED, VAULT))
    here.jobs.vaults[VAULT.id.text] = [a_job(1), a_job(2, vm="unknown")]
    assert {each.id[-1]: each.vm_id for each in (await here.look()).jobs} == {"1": vm_id().key, "2": ""}


async def test_with_a_vault_only_it_is_asked_and_for_all() -> None:
    other = a_vault("vault-2")
    here = Here(VAULT, other)
    here.jobs.graph = [known(a_job(1, "Completed", 20)), known(a_job(2, "Completed", 20, other))]
    here.jobs.vaults[other.id.text] = [a_job(2, "Completed", 20, other), a_job(3, "Failed", 23, other)]
    for named in ("vault-2", "VAULT-2", other.id.text.upper() + "/"):
        here.jobs.asked.clear()
        assert shown(await here.look(vault=named)) == [("2", "Completed"), ("3", "Failed")]
        assert here.jobs.asked == [("vault-2", DAY)]
    with pytest.raises(SettingsError, match="no vault in scope"):
        await here.look(vault="vault-3")


async def test_of_one_vm_twins_are_told_apart_and_a_job_without_an_id_is_its_own_by_container() -> None:
    here = Here(VAULT)
    twin = replace(
        known(a_job(2)), vm_id=vm_id(group="other-rg").key, item_container="iaasvmcontainerv2;other-rg;web-01"
    )
    here.jobs.graph = [known(a_job(1)), twin]
    here.jobs.vaults[VAULT.id.text] = [a_job(4, "Failed", ago=0.5, vm="web-02")]
    assert shown(await here.look(vm=vm_id())) == [("1", "InProgress")]
    assert shown(await here.look(vm=vm_id("web-02"))) == [("4", "Failed")]


async def test_a_vm_elsewhere_with_the_same_names_is_not_meant() -> None:
    here = Here(VAULT)
    here.jobs.vaults[VAULT.id.text] = [a_job(4, "Failed", ago=0.5)]
    assert shown(await here.look(vm=vm_id(subscription=SUB.replace("1", "2")))) == []


async def test_in_a_large_estate_vaults_where_something_runs_are_asked_first_and_the_rest_counted() -> None:
    vaults = [a_vault(f"vault-{number:03}") for number in range(VAULTS_ASKED + 7)]
    here = Here(*vaults)
    here.jobs.graph = [a_job(1, vault=vaults[-1])]
    board = await here.look()
    assert (here.jobs.asked[0][0], len(here.jobs.asked), board.not_asked) == (vaults[-1].id.name, VAULTS_ASKED, 7)


async def test_a_vault_that_cannot_be_read_is_named_and_hides_nothing() -> None:
    other = a_vault("vault-2")
    here = Here(VAULT, other)
    here.jobs.graph = [a_job(1), a_job(2, vault=other)]
    here.jobs.fail[other.id.text] = PermanentError("no right", code="AuthorizationFailed")
    board = await here.look()
    assert [(each.vault_id, each.error.code) for each in board.unread] == [(other.id.text, "AuthorizationFailed")]
    assert len(board.running) == 2
    assert [each.id for each in board.followed] == [a_job(1).id]
    here.jobs.fail[VAULT.id.text] = LoginError("nobody is logged in")
    with pytest.raises(LoginError):
        await here.look()


async def test_looking_again_asks_only_where_something_runs_and_ends_with_it() -> None:
    other = a_vault("vault-2")
    here = Here(VAULT, other)
    spelt = replace(known(a_job(4, ago=2)), vault_id=VAULT.id.text.replace("/subscriptions/", "/Subscriptions/"))
    here.jobs.graph = [known(a_job(1, ago=3)), spelt, known(a_job(2, "Completed", 3, other))]
    wish = Wish(Scope(), DAY)
    board = await here.look()
    here.jobs.asked.clear()
    here.jobs.vaults[VAULT.id.text] = [a_job(1, "Failed", 3), a_job(4, "Completed", 2), a_job(5)]
    board = await here.reader.look_again(board, wish)
    assert here.jobs.asked == [("vault-1", START - timedelta(hours=3))]
    assert shown(board) == [("5", "InProgress"), ("4", "Completed"), ("2", "Completed"), ("1", "Failed")]
    assert {each.vm_id for each in board.jobs} == {vm_id().key}
    here.jobs.vaults[VAULT.id.text] = [a_job(1, "Failed", 3), a_job(5, "Completed")]
    board = await here.reader.look_again(board, wish)
    assert board.followed == ()


async def test_a_vault_that_puts_us_off_is_asked_again_later_and_then_forgiven() -> None:
    here = Here(VAULT)
    here.jobs.graph = [a_job(1)]
    here.jobs.fail[VAULT.id.text] = RetryLaterError("throttled", retry_after=timedelta(minutes=6))
    board = await here.look()
    assert here.reader.due_again(board) == START + timedelta(minutes=6)
    assert board.followed
    here.jobs.fail.clear()
    here.jobs.vaults[VAULT.id.text] = [a_job(1, "Completed")]
    board = await here.reader.look_again(board, Wish(Scope(), DAY))
    assert (board.unread, shown(board)) == ((), [("1", "Completed")])


async def test_many_vaults_are_asked_less_often() -> None:
    vaults = [a_vault(f"vault-{number}") for number in range(40)]
    here = Here(*vaults)
    here.jobs.graph = [a_job(1)]
    assert here.reader.due_again(await here.look()) == START + timedelta(seconds=30)
    here.jobs.graph = [a_job(number, vault=vault) for number, vault in enumerate(vaults)]
    assert here.reader.due_again(await here.look()) == START + timedelta(seconds=80)

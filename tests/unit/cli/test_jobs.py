from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from cli.commands.jobs import Asked, run
from cli.options import Options
from cli.output.jobs import as_data, changes, progress, show
from shared.domain.azure_answers import BackupJob, Scope
from shared.domain.job_groups import JobGroup, counted, group_of
from shared.errors import PermanentError, SettingsError
from shared.job_board import Board, Unread, Wish
from tests.fakes import START, vm_id

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/vault-1"
WISH = Wish(Scope(), START - timedelta(days=1))
BROKEN: dict[str, Any] = {
    "error_code": "400201",
    "error": "UserErrorGuestAgentStatusUnavailable",
    "error_text": "Not [bold]ready.\x1b",
}


def a_job(number: int, status: str, ago: float = 2, **more: object) -> BackupJob:
    began = START - timedelta(hours=ago)
    job = BackupJob(
        f"{VAULT}/backupJobs/{number}",
        "Backup",
        status,
        "iaasvmcontainerv2;app-rg;web-01",
        began,
        None if status == "InProgress" else began + timedelta(minutes=71),
        name=f"web-{number:02}",
        vault_id=VAULT,
        vm_id=vm_id(f"web-{number:02}").key,
    )
    return replace(job, **more)  # type: ignore[arg-type]  # a test names the fields it changes


def test_a_job_stands_in_one_group_and_an_unknown_word_is_no_success() -> None:
    words = {
        "InProgress": JobGroup.IN_PROGRESS,
        "Cancelling": JobGroup.IN_PROGRESS,
        "completed": JobGroup.COMPLETED,
        "CompletedWithWarnings": JobGroup.WARNINGS,
        "Failed": JobGroup.FAILED,
        "Cancelled": JobGroup.CANCELLED,
        "Invalid": JobGroup.OTHER,
    }
    jobs = [a_job(number, word) for number, word in enumerate(words)]
    assert [group_of(each) for each in jobs] == list(words.values())
    assert sum(counted(jobs).values()) == len(jobs)


def test_failures_of_one_code_stand_together_with_azures_words_and_our_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    alike = [a_job(number, "Failed", **BROKEN, recommendations=("Start it.", "Again.")) for number in (1, 2)]
    jobs = (*alike, a_job(3, "Completed"), a_job(4, "InProgress", 0.5))
    board = Board(jobs, (Unread(VAULT, PermanentError("no right", code="AuthorizationFailed")),), 3)
    show(board, jobs, WISH, START)
    said = capsys.readouterr()
    text = " ".join(said.out.split())
    assert "4 backup jobs since 2026-10-31T12:00:00Z: 1 in progress, 2 failed, 1 completed" in text
    assert text.count("400201 UserErrorGuestAgentStatusUnavailable") == 1
    assert "Azure says: Not [bold]ready.\\u001b" in text
    assert "Azure recommends: Start it. Again." in text
    assert "Remedy: (1)" in text
    assert {"web-01", "web-02", "web-03", "web-04"} <= set(text.split())
    assert "1 h 11 min" in text
    assert "30 min 00 s" in text
    assert "3 vaults were not asked" in text
    assert "vault-1 could not be read: no right" in said.err


def test_only_what_was_asked_for_is_listed_and_all_is_counted() -> None:
    jobs = (a_job(1, "Failed", **BROKEN), a_job(2, "Completed", started=None, vm_id=""))
    data: Any = as_data(Board(jobs), jobs[:1], WISH, START)
    assert data["counts"] == {
        "in-progress": 0,
        "failed": 1,
        "warnings": 0,
        "cancelled": 0,
        "completed": 1,
        "other": 0,
    }
    [job] = data["jobs"]
    assert (job["vm"], job["seconds"], job["failure"]["code"]) == (vm_id("web-01").key, 71 * 60, "400201")
    assert job["failure"]["remedy"]
    other: Any = as_data(Board(jobs), jobs[1:], WISH, START)
    [bare] = other["jobs"]
    assert (bare["vm"], bare["started"], bare["seconds"], bare["failure"]) == (None, None, None, None)


def lines(old: Iterable[BackupJob], new: Iterable[BackupJob]) -> list[str]:
    return [str(each) for each in changes(Board(tuple(old)), Board(tuple(new)), START)]


def test_each_change_is_a_line() -> None:
    first = [a_job(2, "InProgress", 1), a_job(1, "Completed")]
    assert lines([], first) == ["2026-11-01T12:00:00Z  web-02  Backup  InProgress since 2026-11-01T11:00:00Z"]
    assert lines(first, first) == []
    ended = [a_job(3, "Completed", 1.5), a_job(2, "Failed", **BROKEN), a_job(1, "Completed")]
    told = "400201 UserErrorGuestAgentStatusUnavailable"
    assert lines(first, ended) == [
        f"2026-11-01T12:00:00Z  web-02  Backup  InProgress → Failed after 1 h 11 min: {told}",
        "2026-11-01T12:00:00Z  web-03  Backup  Completed after 1 h 11 min",
    ]


def test_a_terminal_sees_the_counts_and_those_that_run_for_longest() -> None:
    jobs = tuple(a_job(number, "InProgress", number) for number in range(1, 20))
    console = Console(width=100)
    with console.capture() as capture:
        console.print(progress(Board((*jobs, a_job(30, "Completed"))), START))
    text = capture.get()
    assert "19 in progress, 0 failed, 1 completed" in text
    assert "web-19" in text
    assert "web-01" not in text
    assert "and 7 more" in text


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        (Asked(since="P1M"), "ISO 8601"),
        (Asked(since="P15D"), "14 days"),
        (Asked(since="P99999W", vault="v"), "ten years"),
        (Asked(vm="web-01"), "virtual machine"),
    ],
)
async def test_bad_input_is_told_before_anything_is_asked_of_azure(asked: Asked, match: str) -> None:
    with pytest.raises(SettingsError, match=match):
        await run(Options(endpoint="http://127.0.0.1:9"), asked)

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

import pytest

from tests.e2e.running import ROOT, backstop, control


class Demo(NamedTuple):
    """What a demo said, and the folder of its report."""

    summary: dict[str, Any]
    progress: str
    folder: Path


def demo(folder: Path, *more: str) -> Demo:
    done = backstop("demo", "--vms", "60", "--json", "--out", str(folder), *more)
    assert done.returncode == 0, done.stderr
    return Demo(json.loads(done.stdout), done.stderr, folder)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A demo of seed 1 in which nothing goes wrong."""
    return demo(tmp_path_factory.mktemp("calm"))


def test_the_demo_does_the_whole_job(calm: Demo) -> None:
    does_the_whole_job(calm)


def test_with_another_seed_it_does_the_whole_job_too(tmp_path: Path) -> None:
    does_the_whole_job(demo(tmp_path, "--seed", "77"))


def does_the_whole_job(done: Demo) -> None:
    summary, folder = done.summary, done.folder
    assert (summary["missed"], summary["wrongWrites"], summary["secondSweepWrites"]) == (0, 0, 0)
    assert summary["problems"] == summary["missedVms"] == summary["wrongWriteList"] == []
    assert sum(summary["verdicts"].values()) == summary["discovered"] == 60 + summary["arrivals"]
    assert len(summary["verdicts"]) == 5
    assert summary["initialBackups"] == summary["initialBackupsFinished"] > 0
    # From the VM's creation: ten minutes of settling, then Azure's half minute to one and a half.
    assert 600 <= summary["timeToProtection"]["virtualSeconds"]["p50"] <= 900
    assert 0 < summary["timeToProtection"]["realSeconds"]["p95"] < summary["durationSeconds"]
    assert "▸ protected in rsv-" in done.progress
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len({each["vm"].lower() for each in rows}) == report["discovered"] == summary["discovered"]
    assert report["verdicts"] == summary["verdicts"]
    assert {state: count for state, count in summary["verdicts"].items() if count} == Counter(
        each["verdict"] for each in rows
    )
    assert report["protected"] == summary["protected"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    ring, legend = page.split('class="ring"')[1].split("<tbody>")[:2]
    assert f"<b>{summary['discovered']}</b><span>VMs</span>" in ring
    shown = re.findall(r"<td>([\d,]+)</td>", legend.split("</tbody>")[0])
    assert sorted(int(each) for each in shown) == sorted(summary["verdicts"].values())


def test_in_heavy_weather_the_demo_ends_as_it_does_without_faults(calm: Demo, tmp_path: Path) -> None:
    stormy = demo(tmp_path, "--faults", "heavy")
    mild, heavy = calm.summary, stormy.summary
    for summary in (mild, heavy):
        assert (summary["missed"], summary["wrongWrites"], summary["secondSweepWrites"]) == (0, 0, 0)
    assert heavy["endState"] == mild["endState"]
    assert heavy["verdicts"] == mild["verdicts"]
    assert heavy["initialBackupsFinished"] == mild["initialBackupsFinished"]
    assert what_became(stormy.folder) == what_became(calm.folder)
    told = heavy["faults"]
    assert min(told["injected"][each] for each in ("throttle", "error", "reset")) > 5
    assert told["eventsTakenIn"] > 1.5 * mild["faults"]["eventsTakenIn"]
    assert told["engine"]["looksPutOff"]["TooManyRequests"] > 50
    assert told["engine"]["sweeps"] == 2 + told["engine"]["extraSweeps"] + told["engine"]["sweepsThatCouldNotRead"]
    assert (mild["faults"]["injected"], mild["faults"]["engine"]["looksPutOff"]) == ({}, {})


def what_became(folder: Path) -> dict[str, tuple[str, str, str]]:
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        return {each["vm"]: (each["verdict"], each["vault"], each["backupPolicy"]) for each in csv.DictReader(file)}


def test_for_people_light_weather_ends_with_what_was_injected_and_what_came_of_it() -> None:
    done = backstop("demo", "--vms", "50", "--faults", "light")
    assert done.returncode == 0, done.stderr
    assert "its weather is light" in done.stderr
    for line in ("Weather: light", "throttled (429)", "looks at a VM, put off", "sweeps, extra ones"):
        assert line in done.stdout


def test_for_people_the_demo_ends_with_its_figures_and_where_the_report_is(tmp_path: Path) -> None:
    done = backstop("demo", "--vms", "50", "--seed", "9", "--out", str(tmp_path / "new" / "folder"))
    assert done.returncode == 0, done.stderr
    assert "missed 0, wrong writes 0: every VM is as the local Azure's labels say" in done.stdout
    assert f"wrote {tmp_path / 'new' / 'folder' / 'report.html'}" in done.stdout
    assert "PUT protectedItems" in done.stdout


BROKEN = """
import sys
from dataclasses import replace
import shared.domain.matching as matching
whole = matching.evaluate
def broken(seen, policy, now):
    {change}
    return whole(seen, policy, now)
import shared.domain.deciding, shared.looking, shared.reconcile
shared.domain.deciding.evaluate = shared.looking.evaluate = shared.reconcile.evaluate = broken
sys.argv = ["backstop", "demo", "--vms", "50", {json}]
from cli.__main__ import main
sys.exit(main())
"""
# Opt-outs are no longer read: VMs whose owners said no get a backup.
NO_OPT_OUTS = "seen = replace(seen, vm=replace(seen.vm, tags={}))"
# Every VM in one region is taken for one that is being deleted.
NO_EASTUS = "if seen.vm.location == 'eastus': seen = replace(seen, vm=replace(seen.vm, provisioning_state='Deleting'))"


def broken_demo(change: str, *, as_json: bool) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BROKEN.format(change=change, json="'--json'" if as_json else "")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("change", "count", "items", "says"),
    [
        (NO_OPT_OUTS, "wrongWrites", "wrongWriteList", "writes touched what had to be left alone"),
        (NO_EASTUS, "missed", "missedVms", "VMs that must be protected are not protected exactly once"),
    ],
    ids=["wrong-writes", "missed"],
)
def test_broken_matching_makes_the_demo_fail_and_say_so(change: str, count: str, items: str, says: str) -> None:
    done = broken_demo(change, as_json=True)
    assert done.returncode == 1, done.stderr
    summary = json.loads(done.stdout)
    assert summary[count] == len(summary[items]) > 0
    assert f"backstop: {summary[count]} {says}" in done.stderr


def test_a_person_sees_which_vms_a_broken_matching_missed() -> None:
    done = broken_demo(NO_EASTUS, as_json=False)
    assert done.returncode == 1, done.stderr
    assert "this demo FAILED" in done.stdout
    assert re.search(r"missed \(\S+\): /subscriptions/\S+: 0 active protected items instead of one", done.stdout)
    assert "as the local Azure's labels say" not in done.stdout


# A test run in the background may have been told to ignore these signals, and its children would inherit that.
LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32":
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
sys.argv = ["backstop", "demo", "--vms", "300", "--json"]
from cli.__main__ import main
sys.exit(main())
"""


@contextlib.contextmanager
def running_demo(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A demo in its first sweep, and the URL of its simulator."""
    process = subprocess.Popen(
        [sys.executable, "-c", LISTENING],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stderr.readline())
        assert found is not None
        yield process, found[0]
    finally:
        process.kill()
        process.communicate()


def is_gone(url: str) -> bool:
    """Whether the simulator ends within a minute."""
    for _ in range(600):
        try:
            control(url, "clock")
        except (URLError, ConnectionError):
            return True
        time.sleep(0.1)  # a process of the operating system is waited for, not virtual time
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_demo_that_is_told_to_stop_takes_its_simulator_and_its_state_along(name: str, tmp_path: Path) -> None:
    with running_demo(tmp_path) as (process, url):
        assert control(url, "clock")["mode"] == "stepped"
        process.send_signal(getattr(signal, name))
        stdout, stderr = process.communicate(timeout=60)
        assert process.returncode == 130
        assert is_gone(url)
    assert "Traceback" not in stderr
    assert stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_killed_takes_its_simulator_along(tmp_path: Path) -> None:
    with running_demo(tmp_path) as (process, url):
        assert control(url, "clock")["mode"] == "stepped"
        process.kill()
        process.wait(60)
        assert is_gone(url)

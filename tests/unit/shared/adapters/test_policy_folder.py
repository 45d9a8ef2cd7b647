import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.policy_file import PolicyFolder
from shared.errors import PermanentError, RetryLaterError, SettingsError
from shared.ports.policy import PolicyAnswer, PolicyText


async def test_what_was_written_is_read_with_its_version_and_not_twice(tmp_path: Path) -> None:
    folder = PolicyFolder(tmp_path)
    assert await folder.read() is PolicyAnswer.ABSENT
    etag = await folder.write("a: ü\n", "")
    assert await folder.read() == PolicyText("a: ü\n", etag)
    assert await folder.read(etag) is PolicyAnswer.UNCHANGED
    assert (tmp_path / "policy.yaml").read_bytes() == "a: ü\n".encode()


async def test_a_version_is_the_content_whoever_wrote_it(tmp_path: Path) -> None:
    folder = PolicyFolder(tmp_path)
    etag = await folder.write("one", "")
    (tmp_path / "policy.yaml").write_text("two")
    assert isinstance(await folder.read(etag), PolicyText)
    (tmp_path / "policy.yaml").write_text("one")
    assert await folder.read(etag) is PolicyAnswer.UNCHANGED


@pytest.mark.parametrize("there", [None, "theirs"])
async def test_a_version_that_somebody_else_changed_is_not_overwritten(there: str | None, tmp_path: Path) -> None:
    folder = PolicyFolder(tmp_path)
    etag = await folder.write("mine", "")
    if there is None:
        (tmp_path / "policy.yaml").unlink()
    else:
        (tmp_path / "policy.yaml").write_text(there)
    with pytest.raises(PermanentError, match="somebody else changed") as refused:
        await folder.write("mine again", etag)
    assert refused.value.code == "PolicyChanged"
    assert list(tmp_path.glob("*.tmp")) + list(tmp_path.glob(".*.tmp")) == []  # noqa: ASYNC240  # nothing else runs here
    assert there is None or (tmp_path / "policy.yaml").read_text() == there


async def test_a_first_version_is_not_written_over_another_first_one(tmp_path: Path) -> None:
    await PolicyFolder(tmp_path).write("theirs", "")
    with pytest.raises(PermanentError, match="somebody else changed"):
        await PolicyFolder(tmp_path).write("mine", "")


async def test_of_many_that_push_at_once_exactly_one_wins(tmp_path: Path) -> None:
    """Each in a process of its own, all expecting the same version."""
    etag = await PolicyFolder(tmp_path).write("before", "")
    program = (
        "import asyncio, sys; from pathlib import Path; from shared.adapters.policy_file import PolicyFolder\n"
        "asyncio.run(PolicyFolder(Path(sys.argv[1])).write(sys.argv[2], sys.argv[3]))"
    )
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, str(tmp_path), f"from {number}", etag, stderr=subprocess.PIPE
        )
        for number in range(4)
    ]
    errors = [(await each.communicate())[1] for each in running]
    won = [number for number, each in enumerate(running) if each.returncode == 0]
    assert len(won) == 1, errors
    assert (tmp_path / "policy.yaml").read_text() == f"from {won[0]}"


async def test_nothing_is_written_while_another_process_writes(tmp_path: Path) -> None:
    folder = PolicyFolder(tmp_path, wait=0)
    etag = await folder.write("before", "")
    other = sqlite3.connect(tmp_path / ".policy.lock", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RetryLaterError, match="another process"):
        await folder.write("mine", etag)
    assert isinstance(await folder.read("else"), PolicyText)  # reading waits for nobody
    other.close()
    await folder.write("mine", etag)


async def test_a_missing_folder_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    folder = PolicyFolder(tmp_path / "nowhere")
    with pytest.raises(SettingsError, match="there is no folder"):
        await folder.read()
    with pytest.raises(SettingsError, match="there is no folder"):
        await folder.write("a", "")


async def test_what_is_no_text_has_a_version_all_the_same_so_that_it_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_bytes(b"\xff\xfe")
    folder = PolicyFolder(tmp_path)
    found = await folder.read()
    assert isinstance(found, PolicyText)
    assert (found.text, found.garbled) == ("", "policy.yaml: not UTF-8 text (byte 0)")
    await folder.write("mended", found.etag)
    assert (tmp_path / "policy.yaml").read_text() == "mended"

"""Which Python the launcher takes, and how it says that there is none."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system: stand-ins are shell scripts")


def stand_in(path: Path, answer: str, code: int = 0) -> Path:
    """An executable that answers the launcher's question as told."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{answer}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(launcher: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python: tests add what it has. PATH is bin, then more-bin."""
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("bin", "more-bin")))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setattr(launcher, "PLACES", ())
    monkeypatch.setattr(sys, "executable", "")
    return tmp_path


def test_the_best_version_wins_wherever_it_lies(launcher: ModuleType, machine: Path) -> None:
    stand_in(machine / "bin/python3.11", "3.11.9 ok")
    stand_in(machine / "bin/python3.12", "3.12.1 ok")
    best = stand_in(machine / "home/.pyenv/versions/3.13.2/bin/python", "3.13.2 ok")

    assert launcher.find_interpreter(launcher.SUPPORTED) == ([str(best)], "3.13.2")


def test_a_shim_that_starts_nothing_is_passed_over(launcher: ModuleType, machine: Path) -> None:
    stand_in(machine / "bin/python3.13", "pyenv: python3.13: command not found", code=127)
    works = stand_in(machine / "more-bin/python3.13", "3.13.0 ok")

    assert launcher.find_interpreter(launcher.SUPPORTED) == ([str(works)], "3.13.0")


def test_when_every_3_13_is_broken_the_next_version_is_taken(launcher: ModuleType, machine: Path) -> None:
    stand_in(machine / "bin/python3.13", "", code=1)
    (machine / "more-bin").mkdir()
    (machine / "more-bin/python3.13").write_text("not a program")
    works = stand_in(machine / "bin/python3.12", "3.12.7 ok")

    assert launcher.find_interpreter(launcher.SUPPORTED) == ([str(works)], "3.12.7")


def test_a_command_that_is_another_version_than_its_name_is_not_taken(launcher: ModuleType, machine: Path) -> None:
    stand_in(machine / "bin/python3.13", "3.14.0 ok")
    works = stand_in(machine / "bin/python3.11", "3.11.2 ok")

    assert launcher.find_interpreter(launcher.SUPPORTED) == ([str(works)], "3.11.2")


def test_of_pyenv_the_newest_patch_is_taken_by_number(launcher: ModuleType, machine: Path) -> None:
    stand_in(machine / "home/.pyenv/versions/3.13.9/bin/python", "3.13.9 ok")
    newest = stand_in(machine / "home/.pyenv/versions/3.13.10/bin/python", "3.13.10 ok")

    assert launcher.find_interpreter(("3.13",)) == ([str(newest)], "3.13.10")


@pytest.mark.parametrize(
    ("answer", "said"),
    [("no-venv", "lacks the venv or ensurepip module"), ("3.13.0 unusual", "is not a released CPython")],
)
def test_a_refusal_says_why_what_is_there_does_not_serve(
    launcher: ModuleType, machine: Path, answer: str, said: str
) -> None:
    stand_in(machine / "bin/python3.13", answer)

    with pytest.raises(launcher.Refusal, match=said) as refusal:
        launcher.find_interpreter(launcher.SUPPORTED)

    assert refusal.value.code == 2


def test_without_any_python_the_refusal_is_one_line_with_a_remedy(launcher: ModuleType, machine: Path) -> None:
    with pytest.raises(launcher.Refusal) as refusal:
        launcher.find_interpreter(launcher.SUPPORTED)

    message = str(refusal.value)
    assert "\n" not in message
    assert "needs Python 3.13 or 3.12 or 3.11" in message
    assert "pyenv install 3.13" in message
    assert "BACKSTOP_PYTHON=" in message


def test_a_forced_version_has_an_environment_of_its_own(launcher: ModuleType, root: Path) -> None:
    assert launcher.environment_for(None) == (str(root / ".venv"), None)
    assert launcher.environment_for("3.11") == (str(root / ".venv-3.11"), None)


def test_a_forced_path_is_run_to_learn_its_version(launcher: ModuleType, machine: Path, root: Path) -> None:
    python = str(stand_in(machine / "odd/py", "3.12.4 ok"))

    assert launcher.environment_for(python) == (str(root / ".venv-3.12"), ([python], "3.12.4"))


@pytest.mark.parametrize("forced", ["3.10", "2.7", "3.14", "/nowhere/python"])
def test_a_forced_python_that_does_not_serve_ends_the_start(root: Path, forced: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(root / "backstop"), "plan"],
        env={**os.environ, "BACKSTOP_PYTHON": forced},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"backstop: BACKSTOP_PYTHON={forced}: ")
    assert ended.stderr.count("\n") == 1
    assert [entry.name for entry in root.iterdir()] == ["backstop"]


def test_a_machine_with_old_pythons_only_is_refused_and_nothing_is_made(
    launcher: ModuleType, machine: Path, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "requirements-local.txt").write_text("")
    stand_in(machine / "bin/python3.9", "3.9.18 ok")
    monkeypatch.delenv("BACKSTOP_PYTHON", raising=False)
    monkeypatch.setattr(sys, "version_info", (3, 9, 18, "final", 0))

    assert launcher.main(["demo"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "found none that works (started by 3.9.18)" in said.err
    assert not (root / ".venv" / "pyvenv.cfg").exists()


def test_python_3_6_can_read_the_launcher(root: Path) -> None:
    ast.parse((root / "backstop").read_text(encoding="utf-8"), feature_version=(3, 6))

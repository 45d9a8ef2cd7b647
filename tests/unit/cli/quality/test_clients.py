"""The environment of Azure's command line: made by the launcher's own means, and a failure told in its words."""

import shutil
import sys
from pathlib import Path

import pytest

from cli.quality.clients import VENV, load_launcher, prepare, scripts
from cli.quality.steps import ROOT


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository of the launcher and an empty set of requirements."""
    shutil.copy(ROOT / "backstop", tmp_path / "backstop")
    (tmp_path / "requirements-clients.txt").write_text("")
    return tmp_path


def test_it_does_nothing_where_the_environment_stands(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    venv, launcher = root / VENV.name, load_launcher(root)
    python = Path(launcher.python_of(str(venv)))
    python.parent.mkdir(parents=True)
    python.touch()
    (venv / "backstop-stamp").write_text(launcher.wanted_line("clients") + "\n")

    assert prepare(root) == 0

    assert python.stat().st_size == 0
    assert capfd.readouterr().out == ".venv-clients holds what requirements-clients.txt says\n"


def test_a_set_that_cannot_be_installed_is_told_in_the_launcher_s_words(
    root: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    (root / "requirements-clients.txt").write_text("no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")

    assert prepare(root) == 69

    assert "backstop: set-up failed: pip install ended with 1" in capfd.readouterr().err
    assert not (root / VENV.name / "backstop-stamp").exists()


def test_the_launcher_is_read_without_a_compiled_copy(root: Path) -> None:
    assert load_launcher(root).read_stamp(str(root / VENV.name)) == []
    assert not (root / "__pycache__").exists()
    assert scripts(root).name == ("Scripts" if sys.platform == "win32" else "bin")

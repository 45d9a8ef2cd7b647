"""The launcher, loaded as a module from a folder of its own, so that no test touches the real environment."""

import importlib.machinery
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

LAUNCHER = Path(__file__).resolve().parents[3] / "backstop"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that holds the launcher and nothing else."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(LAUNCHER, folder / "backstop")
    return folder


@pytest.fixture
def launcher(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher's module. It leaves no compiled copy beside the script."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = importlib.machinery.SourceFileLoader("backstop_launcher", str(root / "backstop"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module

"""The environment of Azure's own command line: `python -m cli.quality.clients`, a step of `./backstop test --clients`.

It stands apart because azure-cli pins, to other versions, packages that Backstop pins too. Made once, by the launcher's
own means: one at a time, from nothing where an earlier start did not finish, anew when its requirements change.
"""

import importlib.machinery
import sys
from pathlib import Path
from types import ModuleType

from cli.quality.steps import ROOT

VENV = ROOT / ".venv-clients"


def scripts(venv: Path = VENV) -> Path:
    """The folder that holds `az`."""
    return venv / ("Scripts" if sys.platform == "win32" else "bin")


def prepare(root: Path = ROOT) -> int:
    """Make the environment, or do nothing where it stands. 0: it stands; 69: it could not be made, and why is said."""
    launcher, venv = load_launcher(root), str(root / VENV.name)
    try:
        if not launcher.is_current(venv, "clients"):
            version = "{}.{}.{}".format(*sys.version_info[:3])
            launcher.set_up(venv, "clients", ([sys.executable], version))
    except launcher.Refusal as refusal:
        print(f"backstop: {refusal}", file=sys.stderr)
        return int(refusal.code)
    print(f"{VENV.name} holds what requirements-clients.txt says")
    return 0


def load_launcher(root: Path) -> ModuleType:
    """The launcher as a module; it has no suffix, and no compiled copy is left beside it."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader = importlib.machinery.SourceFileLoader("backstop_launcher", str(root / "backstop"))
        module = ModuleType(loader.name)
        module.__file__ = loader.path
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


if __name__ == "__main__":
    sys.exit(prepare())

"""The environment: made once, repaired when half made, renewed when requirements change. Real venv, real pip, no net.

The package that is installed is a wheel that the test writes, named by its hash as in the real requirements.
"""

import hashlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

MAIN = """
import os, sys
import probe_package
print(probe_package.VERSION, os.getcwd(), *sys.argv[1:])
"""


class Repository:
    """A small repository with the launcher, a command line and a package index in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root.parent / "wheels"
        self.home = root.parent / "home"
        self.elsewhere = root.parent / "elsewhere"
        for folder in (self.wheels, self.home, self.elsewhere, root / "cli"):
            folder.mkdir()
        (root / "cli" / "__init__.py").write_text("")
        (root / "cli" / "__main__.py").write_text(MAIN)
        (self.elsewhere / "cli.py").write_text("raise SystemExit('a file of the person passed for ours')")
        self.venv = root / ".venv-{}.{}".format(*sys.version_info[:2])
        self.require("1.0")

    def require(self, version: str, digest: str | None = None) -> None:
        """Write a wheel of that version, and requirements of both levels that name it."""
        wheel = self.wheels / f"probe_package-{version}-py3-none-any.whl"
        info = f"probe_package-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("probe_package.py", f"VERSION = {version!r}\n")
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: probe-package\nVersion: {version}\n")
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(
                f"{info}/RECORD", f"probe_package.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
            )
        digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        for level in ("local", "dev"):
            pin = f"# {level}\nprobe-package=={version} \\\n    --hash=sha256:{digest}\n"
            (self.root / f"requirements-{level}.txt").write_text(pin)

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start the launcher from another folder, in a home of its own."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON", "COV_"))}
        if sys.platform != "win32":
            kept["PATH"] = (
                "/usr/bin:/bin"  # pip asks the tools that it finds for their versions, and some write at home
            )
        return subprocess.Popen(
            [sys.executable, str(self.root / "backstop"), *words],
            cwd=self.elsewhere,
            env={
                **kept,
                "BACKSTOP_PYTHON": sys.executable,
                "HOME": str(self.home),
                "USERPROFILE": str(self.home),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(self.wheels),
                "PIP_NO_CACHE_DIR": "1",
                "PIP_USER": "1",
                "PIP_TARGET": str(self.home / "target"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        """Start, and wait for the end: code, standard output, standard error."""
        process = self.start(*words)
        out, err = process.communicate(timeout=300)
        return process.returncode, out, err

    def answer(self, version: str, *words: str) -> str:
        """What the command line prints when all is well."""
        return " ".join([version, str(self.elsewhere), *words]) + "\n"


@pytest.fixture
def repository(root: Path) -> Repository:
    return Repository(root)


@pytest.fixture
def ready(repository: Repository) -> Iterator[Repository]:
    """A repository whose environment is made, by two starts at the same moment."""
    first, second = repository.start("plan", "--json"), repository.start("plan", "--json")
    ends = [process.communicate(timeout=300) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), ends
    assert [out for out, _ in ends] == [repository.answer("1.0", "plan", "--json")] * 2
    said = "".join(err for _, err in ends)
    assert said.count("making .venv") == 1
    assert said.count("another start is setting up") <= 1
    yield repository
    assert list(repository.home.iterdir()) == [], "something was written outside the repository"


def test_after_the_first_start_the_next_say_nothing_and_install_what_changed(ready: Repository) -> None:
    assert ready.run("sweep", "--scope", "a b") == (0, ready.answer("1.0", "sweep", "--scope", "a b"), "")

    marker = ready.venv / "made-by-the-first-start"
    marker.write_text("")
    ready.require("2.0")
    code, out, err = ready.run("plan")

    assert (code, out) == (0, ready.answer("2.0", "plan"))
    assert "ready after" in err
    assert "making" not in err
    assert marker.exists(), "a changed requirement installs, it does not begin from nothing"


def test_the_tools_of_the_tests_are_installed_for_the_verb_test_only(ready: Repository) -> None:
    (ready.root / "requirements-dev.txt").write_text("not read by any other verb")
    assert ready.run("plan")[0] == 0

    ready.require("2.0")
    code, _, err = ready.run("test")
    assert code == 0
    assert "ready after" in err
    assert ready.run("plan") == (0, ready.answer("2.0", "plan"), ""), "what tests need includes what verbs need"


def test_a_package_with_another_hash_is_refused_with_pips_words_and_a_remedy(ready: Repository) -> None:
    ready.require("2.0", digest="0" * 64)
    code, out, err = ready.run("plan")

    assert (code, out) == (69, "")
    assert "set-up failed: pip install ended with 1" in err
    assert "DO NOT MATCH THE HASHES" in err
    assert "Check the network and your pip settings" in err
    assert "Traceback" not in err

    ready.require("2.0")
    assert ready.run("plan")[:2] == (0, ready.answer("2.0", "plan"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system: SIGKILL")
def test_a_start_that_was_killed_half_way_is_repaired_by_the_next(repository: Repository) -> None:
    process = repository.start("plan")
    deadline = time.monotonic() + 60
    while not (repository.venv / "pyvenv.cfg").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    half_made = repository.venv / "half-made"
    half_made.write_text("")

    code, out, err = repository.run("plan")

    assert (code, out) == (0, repository.answer("1.0", "plan")), err
    assert not half_made.exists(), "what a killed start left is not trusted"


def test_a_stamp_of_other_requirements_or_a_lost_interpreter_is_not_current(
    launcher: ModuleType, repository: Repository
) -> None:
    venv = repository.root / ".venv"
    python = Path(launcher.python_of(str(venv)))
    python.parent.mkdir(parents=True)
    python.write_text("")
    (venv / "backstop-stamp").write_text(launcher.wanted_line("local") + "\n")

    assert launcher.is_current(str(venv), "local")
    assert not launcher.is_current(str(venv), "dev")
    repository.require("2.0")
    assert not launcher.is_current(str(venv), "local")
    repository.require("1.0")
    python.unlink()
    assert not launcher.is_current(str(venv), "local")


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Collecting azure-mgmt-compute==39.0.0 (from -r requirements.txt (line 3))", "azure-mgmt-compute"),
        ("Processing ./wheels/aiohttp-3.14.5-cp313-cp313-manylinux.whl (from -r x)", "aiohttp"),
        ("Requirement already satisfied: yarl==1.25.1 in ./lib (from -r x)", "yarl"),
        ("Ignoring colorama: markers 'sys_platform' don't match your environment", "colorama"),
        ("Installing collected packages: a, b", "unpacking"),
        ("  Downloading aiohttp-3.14.5.whl (1.9 MB)", ""),
        ("", ""),
    ],
)
def test_pips_lines_become_progress(launcher: ModuleType, line: str, step: str) -> None:
    assert launcher.step_of(line) == step


def test_a_later_start_imports_nothing_that_only_set_up_needs(repository: Repository) -> None:
    source = f"""
import importlib.machinery, importlib.util, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("launcher", {str(repository.root / "backstop")!r})
launcher = importlib.util.module_from_spec(importlib.util.spec_from_loader("launcher", loader))
before = set(sys.modules)
loader.exec_module(launcher)
launcher.is_current(launcher.environment_for(None)[0], launcher.level_of(["plan"]))
launcher.wanted_line("local")
heavy = {{"argparse", "glob", "re", "shutil", "subprocess", "threading", "typing"}}
print(*sorted((set(sys.modules) - before) & heavy))
"""
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", source], capture_output=True, text=True, check=True)

    assert answer.stdout == "\n"

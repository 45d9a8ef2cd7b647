"""The run: every step runs, the summary is honest, and what was skipped is said."""

import sys
from pathlib import Path

import pytest

from cli.quality import run
from cli.quality.results import DECLARED, Results, Skip, read_results
from cli.quality.runner import run_steps
from cli.quality.steps import Step, all_steps, client_steps, unit_steps

GOOD = Step("lint", "A good check", (sys.executable, "-c", "print('good')"))
BAD = Step("types", "A bad check", (sys.executable, "-c", "raise SystemExit(3)"))


def pytest_step(folder: Path, source: str) -> Step:
    """A step that runs real tests, and leaves their record beside them."""
    file = folder / "test_sample.py"
    file.write_text(source)
    options = ("-q", "-p", "no:cacheprovider", "-c", str(folder / "none.ini"), f"--junitxml={folder / 'results.xml'}")
    (folder / "none.ini").write_text("[pytest]\n")
    return Step("tests", "Tests", (sys.executable, "-m", "pytest", *options, str(file)))


def test_all_green_ends_with_0_and_one_closing_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    step = pytest_step(tmp_path, "def test_a(): pass\ndef test_b(): pass\n")

    assert run_steps([GOOD, step], tmp_path / "results.xml", ci=True) == 0

    assert capfd.readouterr().out.splitlines()[-1] == "3 passed, 0 failed, 0 skipped"


def test_a_failing_step_fails_the_run_and_stops_no_other(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_steps([BAD, GOOD], tmp_path / "results.xml", ci=False) == 1

    lines = capfd.readouterr().out.splitlines()
    assert "good" in lines
    assert any(line.startswith("FAILED  A bad check") for line in lines)
    assert any(line.startswith("ok      A good check") for line in lines)
    assert lines[-1] == "1 passed, 1 failed, 0 skipped"


def test_failed_tests_and_errors_are_counted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = """
import pytest
@pytest.fixture
def broken():
    yield
    raise RuntimeError
def test_a(): assert 0
def test_b(broken): pass
def test_c(): pass
"""
    assert run_steps([pytest_step(tmp_path, source)], tmp_path / "results.xml", ci=False) == 1

    assert capfd.readouterr().out.splitlines()[-1] == "1 passed, 2 failed, 0 skipped"


SKIPS = """
import pytest
def test_a(): pass
@pytest.mark.skip(reason="the moon is down")
def test_b(): pass
@pytest.mark.xfail(reason="known")
def test_c(): assert 0
"""


def test_a_skipped_test_is_named_with_its_reason(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_steps([pytest_step(tmp_path, SKIPS)], tmp_path / "results.xml", ci=False) == 0

    lines = capfd.readouterr().out.splitlines()
    assert any(line.startswith("skipped ") and line.endswith("test_b: the moon is down") for line in lines)
    assert lines[-1] == "1 passed, 0 failed, 1 skipped"


def test_in_ci_a_skip_for_an_undeclared_reason_fails_the_run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_steps([pytest_step(tmp_path, SKIPS)], tmp_path / "results.xml", ci=True) == 1

    assert "with CI=true every test runs: 1 skipped" in capfd.readouterr().out


def test_whoever_wants_no_compiled_files_beside_the_sources_gets_them_in_the_environment(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    says = Step(
        "lint", "Says", (sys.executable, "-c", "import sys; print(sys.dont_write_bytecode, sys.pycache_prefix)")
    )

    assert run_steps([says], tmp_path / "results.xml", ci=False) == 0

    assert f"False {sys.prefix}" in capfd.readouterr().out


def test_a_declared_reason_counts_only_where_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    assert Skip("t", "needs Python 3.13: Microsoft's runtime").is_declared
    monkeypatch.setattr(sys, "version_info", (3, 13, 0))
    assert not Skip("t", "needs Python 3.13: Microsoft's runtime").is_declared
    assert not any(reason.startswith("reference") for reason in DECLARED)


def test_a_run_of_no_test_is_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_steps([pytest_step(tmp_path, "")], tmp_path / "results.xml", ci=False) == 1

    out = capfd.readouterr().out
    assert "FAILED  no test ran" in out
    assert "0 passed, 1 failed" in out.splitlines()[-1]


def test_tests_that_die_without_a_record_are_a_failure(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    step = Step("tests", "Tests", (sys.executable, "-c", "pass"))

    assert run_steps([step], tmp_path / "results.xml", ci=False) == 1

    assert "pytest left no record of its run" in capfd.readouterr().out


def test_a_module_that_skips_itself_is_one_skip_with_its_reason(tmp_path: Path) -> None:
    source = "import pytest\npytest.skip('no data (yet)', allow_module_level=True)\n"
    run_steps([pytest_step(tmp_path, source)], tmp_path / "results.xml", ci=False)

    [skip] = read_results(tmp_path / "results.xml").skips

    assert skip.reason.startswith("no data (yet")


def test_an_unknown_step_or_a_contradiction_is_an_error_of_usage(capsys: pytest.CaptureFixture[str]) -> None:
    contradictions = (["--unit", "--only", "lint"], ["--clients", "--only", "lint"], ["--clients", "--unit"])
    for argv in (["--only", "nonsense"], *contradictions):
        with pytest.raises(SystemExit) as ended:
            run(argv)
        assert ended.value.code == 2
    assert "leave out --only" in capsys.readouterr().err


def test_one_step_alone_runs_through_the_verb(capfd: pytest.CaptureFixture[str]) -> None:
    code = run(["--only", "format", "--", "-k", "nothing"])

    out = capfd.readouterr().out
    assert "── Format" in out
    assert code == int("would be reformatted" in out)
    assert "── Tests" not in out


def test_the_steps_are_those_that_must_be_green(tmp_path: Path) -> None:
    junit = tmp_path / "results.xml"
    names = [step.name for step in all_steps(junit)]
    assert names == ["format", "lint", "types", "contracts", "requirements", "tests"]

    assert "--check" in all_steps(junit)[0].command
    assert "--check" not in all_steps(junit, fix=True)[0].command
    assert all_steps(junit, pytest_args=["-k", "vault"])[-1].command[-2:] == ("-k", "vault")
    assert [step.command[-1] for step in unit_steps(junit)] == ["tests/unit"]
    assert [step.name for step in client_steps(junit)] == ["environment", "tests"]
    assert client_steps(junit, ["-k", "vault"])[-1].command[-3:] == ("-k", "vault", "tests/clients")


def test_results_of_an_empty_record_are_zero() -> None:
    assert Results() == Results(passed=0, failed=0, skips=())

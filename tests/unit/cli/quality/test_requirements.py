"""The check of requirements, on small repositories where one thing at a time is wrong."""

from pathlib import Path

import pytest

from cli.quality import pins
from cli.quality.imports import Owners
from cli.quality.requirements import CLIENTS, LEVELS, Level, client_problems, problems
from cli.quality.steps import ROOT

SHA = "--hash=sha256:" + "0" * 64
OWNERS = Owners({"yaml": {"pyyaml"}, "pytz": {"pytz"}, "jinja2": {"jinja2"}})
APP = Level("requirements", ("shared",))
LOCAL = Level("requirements-local", ("cli",))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One package for the app, pinned; it is imported."""
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "reader.py").write_text("import yaml\n")
    (tmp_path / "requirements.in").write_text("# why\npyyaml>=6,<7\n")
    (tmp_path / "requirements.txt").write_text(f"pyyaml==6.0.3 \\\n    {SHA} \\\n    {SHA}\n")
    return tmp_path


def test_a_repository_in_order_has_no_problem(repository: Path) -> None:
    assert problems(repository, OWNERS, [APP]) == []


def test_an_import_without_a_declared_package_is_missing(repository: Path) -> None:
    (repository / "shared" / "page.py").write_text("def render():\n    import jinja2\n")

    assert problems(repository, OWNERS, [APP]) == ["requirements.in: misses jinja2, which shared/page.py imports"]


def test_a_declared_package_that_nothing_imports_is_unused(repository: Path) -> None:
    (repository / "shared" / "reader.py").write_text("")

    assert problems(repository, OWNERS, [APP]) == ["requirements.in: pyyaml is imported nowhere in shared"]


def test_a_later_room_may_use_what_an_earlier_set_declares_and_not_the_other_way(repository: Path) -> None:
    (repository / "cli").mkdir()
    (repository / "cli" / "main.py").write_text("import yaml, pytz\n")
    (repository / "requirements-local.in").write_text("-r requirements.in\npytz\n")
    (repository / "requirements-local.txt").write_text(f"pytz==2026.6 {SHA}\npyyaml==6.0.3 {SHA}\n")
    assert problems(repository, OWNERS, [APP, LOCAL]) == []

    (repository / "shared" / "zones.py").write_text("import pytz\n")
    found = problems(repository, OWNERS, [APP, LOCAL])
    assert found == ["requirements.in: misses pytz, which shared/zones.py imports"]


def test_a_pin_outside_the_declared_range_fails_on_every_python(repository: Path) -> None:
    (repository / "requirements.in").write_text("pyyaml>=7\n")

    found = problems(repository, OWNERS, [APP])

    assert len(found) == 9
    assert found[0] == "requirements.txt: pyyaml>=7 is not met for Python 3.11 on linux (pinned: 6.0.3)"


def test_a_pin_that_one_system_lacks_is_named_with_that_system(repository: Path) -> None:
    text = (repository / "requirements.txt").read_text().replace("6.0.3", '6.0.3 ; sys_platform != "win32"')
    (repository / "requirements.txt").write_text(text)

    assert problems(repository, OWNERS, [APP]) == [
        f"requirements.txt: pyyaml<7,>=6 is not met for Python {python} on win32 (pinned: nothing)"
        for python in ("3.11", "3.12", "3.13")
    ]


def test_a_pin_that_nothing_needs_is_named(repository: Path) -> None:
    with (repository / "requirements.txt").open("a") as file:
        file.write(f"pytz==2026.6 {SHA}\n")

    assert problems(repository, OWNERS, [APP]) == ["requirements.txt: pytz is pinned and nothing needs it"]


def test_a_package_that_a_declared_one_needs_must_have_its_pin(repository: Path) -> None:
    (repository / "requirements.in").write_text("jinja2\npyyaml\n")
    (repository / "shared" / "page.py").write_text("import jinja2\n")
    with (repository / "requirements.txt").open("a") as file:
        file.write(f"jinja2==3.1.6 {SHA}\n")

    assert problems(repository, OWNERS, [APP]) == ["requirements.txt: markupsafe is needed and has no pin"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [("pyyaml==6.0.3", "pyyaml has no hash"), (f"pyyaml>=6.0 {SHA}", "pyyaml is not pinned to one version")],
)
def test_a_pin_needs_one_version_and_a_hash(repository: Path, line: str, problem: str) -> None:
    (repository / "requirements.txt").write_text(line + "\n")

    assert f"requirements.txt: {problem}" in problems(repository, OWNERS, [APP])


def test_two_sets_that_pin_other_versions_are_two_resolutions(repository: Path) -> None:
    (repository / "cli").mkdir()
    (repository / "requirements-local.in").write_text("-r requirements.in\n")
    (repository / "requirements-local.txt").write_text(f"pyyaml==6.0.2 {SHA}\n")

    found = problems(repository, OWNERS, [APP, LOCAL])

    assert found == ["requirements-local.txt: does not hold pyyaml==6.0.3, as requirements.txt does"]


def test_extras_are_followed() -> None:
    declared = pins.declared_in(ROOT / "requirements.in", follow=False)
    [with_extra] = [requirement for requirement in declared if requirement.extras]
    environment = next(pins.environments())

    assert with_extra.name == "azure-core"
    assert "aiohttp" in pins.needed_by([with_extra], environment)


def test_the_set_of_azure_s_command_line_is_judged_where_it_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / f"{CLIENTS}.in").write_text("azure-cli==2.91.0\n")
    (tmp_path / f"{CLIENTS}.txt").write_text(f"azure-cli==2.91.0 {SHA}\nknack==0.13.0 {SHA}\n")
    assert client_problems(tmp_path) == []

    (tmp_path / f"{CLIENTS}.txt").write_text(f"azure-cli==2.90.0 {SHA}\nknack==0.13.0\n")
    found = client_problems(tmp_path)
    assert found[0] == f"{CLIENTS}.txt: knack has no hash"
    assert len(found) == 10


@pytest.mark.parametrize("name", [*(level.name for level in LEVELS), CLIENTS])
def test_the_pins_of_this_repository_name_no_index_and_fit_what_is_declared(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    pinned = pins.pins_in(ROOT / f"{name}.txt")

    assert "://" not in text
    assert "index" not in text
    assert pins.judge_file(pins.declared_in(ROOT / f"{name}.in"), pinned, name) == []

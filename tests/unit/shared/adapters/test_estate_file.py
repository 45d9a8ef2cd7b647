"""The estate file is there whole or not at all, in the form that its name asks for."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.adapters.estate_file import EstateFile
from shared.errors import SettingsError

ENTRIES: list[tuple[str, Any]] = [
    ("a", {"name": "no", "x": [1, None, True, 1e5, "1e5", "2026-11-24", "ü", "0x1", "a: b", "# c", ""]}),
    ("a", {"deep": {"er": {"est": {}}}}),
    ("b", "text"),
]
WHOLE = {
    "version": 1,
    "asOf": "2026-11-24T00:00:00Z",
    "a": [ENTRIES[0][1], ENTRIES[1][1]],
    "b": ["text"],
    "t": {"i": "d"},
}


def write(path: Path) -> EstateFile:
    with EstateFile(path) as file:
        file.head("version", 1)
        file.head("asOf", "2026-11-24T00:00:00Z")
        for section, entry in ENTRIES:
            file.add(section, entry)
        file.head("t", {"i": "d"})
    return file


def test_json_is_whole_and_holds_an_entry_a_line(tmp_path: Path) -> None:
    file = write(tmp_path / "e.JSON")
    text = (tmp_path / "e.JSON").read_text(encoding="utf-8")
    assert json.loads(text) == WHOLE
    assert text.splitlines()[4].startswith('{"name": "no"')
    assert file.counts == {"a": 2, "b": 1}


@pytest.mark.parametrize("name", ["e.yaml", "e.yml"])
def test_yaml_is_the_same(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    assert yaml.safe_load((tmp_path / name).read_text(encoding="utf-8")) == WHOLE


@pytest.mark.parametrize("name", ["e.json", "e.yaml"])
def test_a_file_without_entries_is_one_too(tmp_path: Path, name: str) -> None:
    with EstateFile(tmp_path / name) as file:
        file.head("version", 1)
    assert yaml.safe_load((tmp_path / name).read_text(encoding="utf-8")) == {"version": 1}


def test_an_error_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(TypeError), EstateFile(path) as file:
        file.add("a", object())
    assert path.read_text(encoding="utf-8") == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["e.json"]


def test_the_new_file_takes_the_place_of_the_old_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text("old", encoding="utf-8")
    write(path)
    assert json.loads(path.read_text(encoding="utf-8")) == WHOLE
    assert path.stat().st_mode & 0o077 == 0
    assert [each.name for each in tmp_path.iterdir()] == ["e.json"]


def test_half_a_character_becomes_a_question_mark(tmp_path: Path) -> None:
    with EstateFile(tmp_path / "e.json") as file:
        file.add("a", "x\ud800")
    assert json.loads((tmp_path / "e.json").read_text(encoding="utf-8")) == {"a": ["x?"]}


def test_a_section_is_written_in_one_piece(tmp_path: Path) -> None:
    with EstateFile(tmp_path / "e.json") as file:
        file.add("a", 1)
        file.add("b", 1)
        with pytest.raises(ValueError, match="closed"):
            file.add("a", 1)


def test_another_ending_and_a_folder_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"ends with \.json"):
        EstateFile(tmp_path / "e.txt")
    with pytest.raises(SettingsError, match="cannot be written: No such file"), EstateFile(tmp_path / "no" / "e.json"):
        pass
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(SettingsError, match="cannot be written"), EstateFile(tmp_path / "folder.json"):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["folder.json"]

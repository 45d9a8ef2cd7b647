import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from cli.output.asking import RefusedError, confirm


def backstop(*, on_loopback: bool = False) -> Any:
    return SimpleNamespace(settings=SimpleNamespace(on_loopback=on_loopback))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "YES\n"])
def test_a_person_who_agrees_is_taken_at_their_word(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    confirm(backstop(), "Really?", yes=False)


@pytest.mark.parametrize("answer", ["\n", "n\n", "yess\n", ""])
def test_anything_else_is_no(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(RefusedError) as caught:
        confirm(backstop(), "Really?", yes=False)
    assert caught.value.exit_code == 9


def test_nobody_to_ask_means_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    with pytest.raises(RefusedError, match="--yes"):
        confirm(backstop(), "Really?", yes=False)


def test_a_machine_says_yes_beforehand_and_a_simulator_needs_no_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    confirm(backstop(), "Really?", yes=True)
    confirm(backstop(on_loopback=True), "Really?", yes=False)

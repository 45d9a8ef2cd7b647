import json
from collections.abc import Callable

import pytest
import typer

from cli.guard import run_async, run_verb
from shared.errors import (
    BackstopError,
    EndpointError,
    LimitExceededError,
    LoginError,
    PermanentError,
    PolicyFileError,
    SettingsError,
)


def ends(verb: Callable[[], int], *, as_json: bool = False) -> int:
    with pytest.raises(typer.Exit) as caught:
        run_verb(verb, as_json=as_json)
    return caught.value.exit_code


def raising(error: BaseException) -> Callable[[], int]:
    def verb() -> int:
        raise error

    return verb


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PermanentError("refused"), 1),
        (PolicyFileError("bad file"), 3),
        (LoginError("no login"), 4),
        (EndpointError("no answer"), 5),
        (LimitExceededError("too many"), 6),
        (SettingsError("bad setting"), 8),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("inside\nout"), 70),
    ],
)
def test_each_failure_is_one_line_and_its_own_exit_code(
    error: BaseException, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKSTOP_DEBUG", raising=False)
    assert ends(raising(error)) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("backstop: ")
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err


def test_a_machine_gets_the_error_as_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    error: BackstopError = PermanentError("refused", code="Nope", resource_id="/x", remedy="Mend it")
    assert ends(raising(error), as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "error": {"code": "Nope", "message": "refused", "remedy": "Mend it", "resourceId": "/x"}
    }


def test_markup_in_an_error_is_shown_and_not_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    ends(raising(PermanentError("[red]name[/red] \x1b[31m")))
    assert "[red]name[/red] \\u001b[31m" in capsys.readouterr().err


def test_a_verb_s_own_code_passes() -> None:
    async def verb() -> int:
        return 7

    with pytest.raises(typer.Exit) as caught:
        run_async(verb)
    assert caught.value.exit_code == 7

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import telemetry
from tests.findings import vm_id

JWT = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwcyJ9.c2lnbmF0dXJl-part"
VM = vm_id("a").text


class Stderr:
    """What was written to stderr so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Stderr]:
    """Stderr, with the root logger put back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    levels = {name: logging.getLogger(name).level for name in telemetry._NOISY}
    yield Stderr(capsys)
    for handler in [each for each in root.handlers if each not in before]:
        root.removeHandler(handler)
    root.setLevel(level)
    for name, earlier in levels.items():
        logging.getLogger(name).setLevel(earlier)


def objects(stream: Stderr) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_json_line_with_its_fields(lines: Stderr) -> None:
    telemetry.configure(json_lines=True)
    logging.getLogger("shared.worker").info("%s after %d tries", "DEFERRED", 2, extra={"vm": VM, "code": "BUSY"})
    (record,) = objects(lines)
    assert record.pop("at").endswith("+00:00")
    assert record == {
        "level": "INFO",
        "logger": "shared.worker",
        "message": "DEFERRED after 2 tries",
        "vm": VM,
        "code": "BUSY",
    }


def test_a_block_gives_its_records_fields_and_a_record_may_say_otherwise(lines: Stderr) -> None:
    telemetry.configure(json_lines=True)
    log = logging.getLogger("shared")
    with telemetry.fields(run_id="run-1", vm="outer"):
        with telemetry.fields(correlation_id="c-1"):
            log.info("inside", extra={"vm": "inner"})
        log.info("between")
    log.info("outside")
    inside, between, outside = objects(lines)
    assert (inside["run_id"], inside["correlation_id"], inside["vm"]) == ("run-1", "c-1", "inner")
    assert (between["run_id"], between["vm"], "correlation_id" in between) == ("run-1", "outer", False)
    assert "run_id" not in outside


def test_a_field_that_nobody_reads_is_refused() -> None:
    with pytest.raises(ValueError, match="not a log field: colour"), telemetry.fields(colour="red"):
        pass


def test_a_short_line_for_people_names_the_fields_and_the_error(lines: Stderr) -> None:
    telemetry.configure(json_lines=False)
    try:
        raise OSError("disk\nfull")
    except OSError:
        logging.getLogger("shared.sweep").exception("not kept", extra={"run_id": "run-1"})
    (line,) = lines.getvalue().splitlines()
    assert line.endswith(" ERROR shared.sweep: not kept: OSError disk\\nfull (run_id=run-1)")


def test_an_exception_keeps_its_traceback_and_loses_its_secrets(lines: Stderr) -> None:
    telemetry.configure(json_lines=True)
    try:
        raise RuntimeError(f"401 for Bearer {JWT}")
    except RuntimeError:
        logging.getLogger("shared").exception("failed")
    (record,) = objects(lines)
    assert "test_telemetry.py" in record["exception"]
    assert "401 for Bearer [removed]" in record["exception"]
    assert JWT not in lines.getvalue()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {JWT}", JWT),
        (f"{{'Authorization': 'Bearer {JWT}', 'x': 1}}", JWT),
        (f"the token {JWT} was refused", JWT),
        ("authorization=Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"),
        ("GET https://management.azure.com/subscriptions/x/op?api-version=1&t=6384&c=MIIHhz&s=Zm9v&h=aGFzaA", "MIIHhz"),
        ("followed https://a.example/op?sig=abc%2Fdef failed", "abc%2Fdef"),
        ("/subscriptions/x/operationResults/1?api-version=2025-02-01&c=MIIHhz", "MIIHhz"),
        ("op?a=1&sig=c2VjcmV0", "c2VjcmV0"),
        ("AccountName=x;AccountKey=c2VjcmV0a2V5==;Endpoint=y", "c2VjcmV0a2V5"),
        ("aeg-sas-key: topSecretKey", "topSecretKey"),
        ('{"client_secret": "s3cr3t value"}', "s3cr3t"),
        ("x-functions-key: abcdef0123", "abcdef0123"),
    ],
)
@pytest.mark.parametrize("json_lines", [True, False])
def test_secrets_are_never_logged(lines: Stderr, text: str, secret: str, json_lines: bool) -> None:
    telemetry.configure(json_lines=json_lines)
    logging.getLogger("shared").warning("said: %s", text, extra={"vm": text})
    assert secret not in lines.getvalue()
    assert "[removed]" in lines.getvalue()
    assert "said: " in lines.getvalue()


@pytest.mark.parametrize(
    "text", [VM, "PUT https://management.azure.com/subscriptions/x/y", "VM agent is unable to communicate", "Köln 日本"]
)
def test_what_is_no_secret_stays_readable(text: str) -> None:
    assert telemetry.clean(text) == text


@given(st.text())
def test_no_text_breaks_a_line_or_steers_a_terminal(text: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, text, None, None)
    record.vm = text
    for formatter in (telemetry.ShortFormatter(), telemetry.JsonFormatter()):
        line = formatter.format(record)
        assert len(line.splitlines()) == 1
        assert not any(ord(each) < 32 or 127 <= ord(each) < 160 or each in "\u202e\u2028\u200b" for each in line)
        line.encode()


def test_a_very_long_text_is_cut(lines: Stderr) -> None:
    telemetry.configure(json_lines=True)
    logging.getLogger("shared").info("x" * 100_000)
    assert len(lines.getvalue()) < 5_000


def test_the_sdks_chatter_is_kept_out_and_its_warnings_are_not(lines: Stderr) -> None:
    telemetry.configure(json_lines=True, level=logging.DEBUG)
    logging.getLogger("azure.core.pipeline.policies.http_logging_policy").info("Request headers")
    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("azure.core").warning("odd")
    logging.getLogger("shared").debug("ours")
    assert [each["message"] for each in objects(lines)] == ["odd", "ours"]


def test_setting_up_twice_logs_once(lines: Stderr) -> None:
    telemetry.configure(json_lines=False)
    telemetry.configure(json_lines=True, level="WARNING")
    logging.getLogger("shared").info("hidden")
    logging.getLogger("shared").warning("shown")
    assert [each["message"] for each in objects(lines)] == ["shown"]

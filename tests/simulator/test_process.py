"""The simulator as a process of its own."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_it_says_one_line_serves_and_ends_on_a_signal() -> None:
    command = [sys.executable, "-m", "simulator", "--vms", "30", "--clock", "stepped", "--seed", "2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        prefix = "Simulator ready at http://127.0.0.1:"
        try:
            assert line.startswith(prefix)
            with urllib.request.urlopen(line.removeprefix("Simulator ready at ").strip() + "/_sim/state") as answer:
                assert json.load(answer)["vms"] == 30
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=60)[0]
        assert (process.returncode, rest) == (0, "")


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "simulator", "--vms", "1", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("simulator: cannot listen on port ")
    assert done.stderr.count("\n") == 1


def test_over_tls_it_says_its_address_on_standard_output_and_nothing_else_where_nobody_looks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator", "--vms", "1", "--tls", "--cert-dir", str(tmp_path), "--speed", "60"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            url = line.removeprefix("Simulator ready at ").strip()
            assert url.startswith("https://127.0.0.1:")
            trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
            with urllib.request.urlopen(f"{url}/_sim/clock", context=trusting) as answer:
                assert json.load(answer)["mode"] == "flowing"
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, ("", ""))


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--tls", "--cert-dir", "{file}/folder"], 1, "simulator: no certificate in {file}/folder: "),
        (["--cert-dir", "{file}"], 2, "backstop sim: error: --cert-dir is of no use without --tls"),
        (["--clock", "stepped", "--speed", "2"], 2, "backstop sim: error: --speed is for a flowing clock"),
        (["--speed", "0"], 2, "backstop sim: error: argument --speed: 0 is not above 0 and at most 1000000"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path: Path, options: list[str], code: int, message: str) -> None:
    (tmp_path / "file").touch()
    given = [option.format(file=tmp_path / "file") for option in options]
    command = [sys.executable, "-m", "simulator", "--vms", "1", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.splitlines()[-1].startswith(message.format(file=tmp_path / "file"))
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")
def test_on_a_terminal_it_says_what_to_type_next_and_standard_output_keeps_its_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    command = [sys.executable, "-m", "simulator", "--vms", "1", "--tls", "--cert-dir", str(folder)]
    ours, theirs = pytest.importorskip("pty").openpty()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        assert process.stdout is not None
        base = process.stdout.readline().removeprefix("Simulator ready at ").strip()
        shown = ""
        while "Ctrl-C ends" not in shown:
            shown += os.read(ours, 4096).decode()
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[0]
        os.close(ours)
    assert rest == ""
    assert f"REQUESTS_CA_BUNDLE='{folder / 'cert.pem'}'" in shown
    assert f"az cloud register -n BackstopSimulator --endpoint-resource-manager {base}\r\n" in shown
    assert "az login --identity" in shown

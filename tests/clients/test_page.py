"""docs/azure-cli.md, as a person follows it: every command, in order, and what it is said to show."""

import os
import re
import socket
import subprocess
from pathlib import Path

from cli.quality.clients import scripts
from tests.clients.conftest import ROOT

PAGE = (ROOT / "docs" / "azure-cli.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|text)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FIRST_TERMINAL, *SECOND_TERMINAL = [text for kind, text in BLOCKS if kind == "bash"]
READY, *SHOWN = [line for kind, text in BLOCKS if kind == "text" for line in text.splitlines()]
PORT = "8443"


def words(line: str) -> str:
    """A table's headings, however wide its columns are."""
    return " ".join(line.split())


def test_the_page_holds_what_the_test_believes_to_find() -> None:
    assert FIRST_TERMINAL.startswith("./backstop sim --tls ")
    assert READY.endswith(f" https://127.0.0.1:{PORT}")
    assert sum(text.count("az ") for text in SECOND_TERMINAL) > 25
    assert len(SHOWN) > 8


def test_every_command_of_the_page_works_and_shows_what_it_says(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AZURE_", "PYTHON", "REQUESTS_", "SSL_"))}
    environment = kept | {"HOME": str(tmp_path), "PATH": os.pathsep.join((str(scripts()), kept["PATH"]))}
    start = ["bash", "-c", "exec " + FIRST_TERMINAL.replace(PORT, port)]
    with subprocess.Popen(start, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        try:
            assert simulator.stdout.readline().strip() == READY.replace(PORT, port)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", "\n".join(SECOND_TERMINAL).replace(PORT, port)],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=600,
                check=False,
            )
        finally:
            simulator.terminate()
            simulator.communicate(timeout=30)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert "Traceback" not in done.stderr
    said = [words(line) for line in done.stdout.splitlines()]
    missing = [line for line in SHOWN if not any(each.startswith(words(line)) for each in said)]
    assert not missing, done.stdout
    assert any(line.startswith("Completed ") for line in said)  # the job
    assert "Protected DefaultPolicy" in said  # the item at the end
    assert not (tmp_path / ".backstop-sim").exists()

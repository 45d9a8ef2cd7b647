"""`policy import`: Azure Policy's definitions and assignments for VM backup as a policy file of ours.

It says what is wider or narrower than the original, what is to be filled in and what was not understood: in the file's
comments, on standard error (with `--out` on standard output) and with `--json`. It asks nothing of Azure.

Exit codes: 0 imported; 1 with `--strict`, where something is to be filled in or was not understood; 8 when there is
nothing to import or a file cannot be read or written.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import exit_codes
from cli.output.console import err, out, plain, print_json
from shared.domain.azure_policy.importing import Imported, import_azure_policy
from shared.domain.azure_policy.reading import read
from shared.domain.azure_policy.unit import Kind
from shared.domain.azure_policy.writing import TITLES, as_yaml, sentence
from shared.domain.policy import EnforcementPolicy
from shared.domain.policy_file.reading import parse_policy
from shared.errors import PolicyFileError, SettingsError

_MOST_BYTES = 5 * 1024 * 1024  # as Python objects the worst of them takes under 200 MB; assignments take kilobytes
_STYLES = {Kind.OPEN: "bold yellow", Kind.NOT_UNDERSTOOD: "bold red", Kind.WIDER: "cyan", Kind.NARROWER: "magenta"}


@dataclass(frozen=True, slots=True)
class Wish:
    """What to import and how; `parameters` as NAME=VALUE, a value that is JSON taken as such."""

    files: tuple[Path, ...]
    out: Path | None = None
    force: bool = False
    exact: bool = False
    strict: bool = False
    parameters: tuple[str, ...] = ()


def run(wish: Wish, *, as_json: bool) -> int:
    """The exit code as above; SettingsError in one line for whatever keeps the file from being made."""
    if wish.out is not None and wish.out.exists() and not wish.force:
        raise SettingsError(
            f"{wish.out} is there already", code="FILE_EXISTS", remedy="Take another name, or add --force"
        )
    given = dict(_parameter(each) for each in wish.parameters)
    try:
        imported = import_azure_policy(
            read([(str(file), load_json(file)) for file in wish.files]), exact=wish.exact, given=given
        )
    except RecursionError:
        raise SettingsError("the JSON is nested too deeply", code="BAD_JSON") from None
    text = as_yaml(imported)
    try:
        policy = parse_policy(text, str(wish.out or "the imported policy"))
    except PolicyFileError as error:
        what = f"the original asks for something that a policy file cannot hold: {error.message}"
        raise SettingsError(what, code="NOT_EXPRESSIBLE") from None
    if wish.out is not None:
        _write(wish.out, text, force=wish.force)
    if as_json:
        print_json(as_data(imported, policy, text, wish))
    else:
        _show(imported, text, wish)
    unsettled = any(each.kind in {Kind.OPEN, Kind.NOT_UNDERSTOOD} for each in imported.differences)
    return exit_codes.FAILED if wish.strict and unsettled else exit_codes.DONE


def load_json(file: Path) -> Any:
    """The file's JSON, in UTF-8 or UTF-16 as PowerShell writes it; SettingsError says in one line what is wrong."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}", code="FILE") from None
    if len(raw) > _MOST_BYTES:
        raise SettingsError(f"{file}: more than {_MOST_BYTES // 1024 // 1024} MiB", code="BAD_JSON")
    try:
        text = raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise SettingsError(f"{file}:{error.lineno}:{error.colno}: not JSON: {error.msg}", code="BAD_JSON") from None
    except RecursionError:
        raise SettingsError(f"{file}: the JSON is nested too deeply", code="BAD_JSON") from None
    except ValueError as error:
        raise SettingsError(f"{file}: not JSON: {str(error)[:120]}", code="BAD_JSON") from None


def as_data(imported: Imported, policy: EnforcementPolicy, text: str, wish: Wish) -> Mapping[str, Any]:
    """The result for a machine. `text` is the file's; `out` is null where none was written."""
    return {
        "out": str(wish.out) if wish.out else None,
        "exact": wish.exact,
        "policyHash": policy.hash,
        "mode": policy.spec.mode.value,
        "rules": [{"name": name, "source": source} for name, source in imported.sources.items()],
        "differences": [
            {"kind": each.kind.value, "rule": each.rule or None, "what": each.what} for each in imported.differences
        ],
        "policy": imported.document,
        "text": text,
    }


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise SettingsError(f"--parameter {text}: give NAME=VALUE", code="PARAMETER")
    if value[:1] not in {"[", "{"}:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        raise SettingsError(f"--parameter {name}: the value begins like JSON and is none", code="PARAMETER") from None


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no value of JSON")


def _write(file: Path, text: str, *, force: bool) -> None:
    """All or nothing. Without `force` a file that came to be in the meantime is left alone as well."""
    try:
        if not force:
            with file.open("x", encoding="utf-8") as stream:
                stream.write(text)
            return
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}", code="FILE") from None


def _show(imported: Imported, text: str, wish: Wish) -> None:
    console = out() if wish.out else err()
    for kind, title in TITLES.items():
        told = [each for each in imported.differences if each.kind is kind]
        if told:
            console.print(plain(title, _STYLES.get(kind, "bold")))
        for each in told:
            console.print(plain(f"  {sentence(each, alone=len(imported.sources) == 1)}"), soft_wrap=True)
    if wish.out is not None:
        console.print(plain(f"wrote {wish.out}", "bold"), soft_wrap=True)
        console.print(plain(f"What it would change: backstop plan --policy {wish.out}"), soft_wrap=True)
    else:
        out().file.write(text)
        out().file.flush()

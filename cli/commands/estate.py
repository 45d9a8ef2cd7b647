"""`estate export`: a person's own estate as a file, to try a policy on its copy or to show it to others.

It reads Resource Graph alone and writes one file, all or nothing. It never says that the copy is complete: only what
was seen, since Resource Graph is late and shows no more than the login may read.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

from cli import exit_codes
from cli.options import Options
from cli.output.console import err, out, plain, print_json
from shared.adapters.estate_file import EstateFile
from shared.bootstrap import open_estate
from shared.domain.anonymizing import Anonymizer
from shared.errors import SettingsError
from shared.ports import EstateSource
from shared.settings import Settings

VERSION = 1
_WORDS = {
    "subscriptions": "subscriptions",
    "managementGroups": "management groups",
    "resourceGroups": "resource groups",
    "vaults": "vaults",
    "backupPolicies": "backup policies",
    "virtualMachines": "VMs",
    "protectedItems": "protected items",
}
_LEFT_OUT = {
    "itemsOfNoVm": "protected items of something else than a VM were left out",
    "otherTenants": "more tenants were seen; in the copy all subscriptions are in one",
}
_LARGE, _STEP = 20_000, 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of the file. The two `keep` are for an anonymous one alone."""

    file: Path
    anonymize: bool = False
    keep_tags: tuple[str, ...] = ()
    keep_policies: tuple[str, ...] = ()


async def export(options: Options, wish: Wish) -> int:
    """0 when the file is written. Any failed or cut read leaves the file as it was and is an error."""
    if (wish.keep_tags or wish.keep_policies) and not wish.anonymize:
        raise SettingsError("without --anonymize everything is kept", code="KEEP", remedy="Add --anonymize")
    settings = options.settings()
    file = EstateFile(wish.file)
    async with open_estate(settings) as (source, clock):
        with file:
            file.head("version", VERSION)
            as_of = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            file.head("asOf", as_of)
            seen = await _copy(source, settings, file, wish)
    counts = {name: seen[name] for name in _WORDS}
    left_out = {name: count for name, count in source.left_out.items() if count}
    if options.as_json:
        result = {"file": str(wish.file), "asOf": as_of, "anonymized": wish.anonymize, "counts": counts}
        print_json(result | {"leftOut": left_out})
    else:
        _show(wish, as_of, counts, left_out)
    return exit_codes.DONE


async def _copy(source: EstateSource, settings: Settings, file: EstateFile, wish: Wish) -> Counter[str]:
    """Write every entry; returns how many there were of each kind, those inside others included."""
    anonymizer = Anonymizer(keep_tags=wish.keep_tags, keep_policies=wish.keep_policies) if wish.anonymize else None
    seen: Counter[str] = Counter()
    with err().status("Reading the estate from Resource Graph") as status:
        async for section, entry in source.entries(settings.scope):
            shown = anonymizer.entry(section, entry) if anonymizer else entry
            if isinstance(shown, Mapping) and section == "tenant":
                file.head(section, shown)
                continue
            file.add(section, shown)
            seen[section] += _groups_in(entry) if section == "managementGroups" else 1
            seen["backupPolicies"] += len(entry["policies"]) if section == "vaults" else 0
            if seen[section] % _STEP == 0:
                status.update(
                    f"Reading the estate from Resource Graph: {seen[section]:,} {_WORDS.get(section, section)}"
                )
    return seen


def _groups_in(tree: Mapping[str, Any]) -> int:
    return 1 + sum(_groups_in(each) for each in tree.get("children", ()))


def _show(wish: Wish, as_of: str, counts: Mapping[str, int], left_out: Mapping[str, int]) -> None:
    console: Any = out()
    console.print(plain(f"wrote {wish.file}", "bold"), soft_wrap=True)
    seen = ", ".join(f"{counts[name]:,} {word}" for name, word in _WORDS.items())
    console.print(plain(f"Seen as of {as_of}: {seen}."), soft_wrap=True)
    for name, count in left_out.items():
        console.print(plain(f"{count:,} {_LEFT_OUT[name]}.", "yellow"), soft_wrap=True)
    console.print(
        plain("That is what Resource Graph showed to this login: it is late by minutes, and silent on what is hidden.")
    )
    if counts["virtualMachines"] > _LARGE and wish.file.suffix.lower() != ".json":
        console.print(plain("A file this large is read much quicker as JSON: --out estate.json", "yellow"))
    console.print(plain(f"To serve the copy: backstop sim --estate {wish.file}"), soft_wrap=True)

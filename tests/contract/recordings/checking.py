"""Checks a folder of recordings: every file in it is taken, repeated, and held against the listed differences."""

from dataclasses import dataclass
from pathlib import Path

from tests.contract.recordings.listing import PAGE, Listing
from tests.contract.recordings.recording import NotARecordingError
from tests.contract.recordings.repeating import repeat_file
from tests.contract.recordings.report import Report


def files(folder: Path) -> list[Path]:
    """All files of the folder, by name."""
    return sorted(path for path in folder.iterdir() if path.is_file())


def stem(path: Path) -> str:
    """The short name by which the page speaks of a recording: `azure-cli.job.json` is `job`."""
    return path.name.removesuffix(".json").removeprefix("azure-cli.")


@dataclass
class Outcome:
    """What checking one file came to; without problems it agrees with Azure but for what is listed."""

    path: Path
    report: Report | None
    problems: list[str]


def check(path: Path, listing: Listing | None = None) -> Outcome:
    """Repeat one file and say in one line each what is wrong."""
    listing = listing or Listing(PAGE.read_text(encoding="utf-8"))
    try:
        report = repeat_file(path)
    except NotARecordingError as error:
        return Outcome(path, None, [str(error)])
    problems = [f"not listed: {difference}" for difference in listing.unlisted(report.differences)]
    problems += [f"not listed as not served: {each}" for each in listing.unlisted_operations(report.not_served)]
    if not report.compared:
        problems.append("nothing in it could be compared")
    elif report.compared < 0.8 * report.ours:
        problems.append(f"only {report.compared} of the {report.ours} exchanges that are served could be compared")
    return Outcome(path, report, problems)

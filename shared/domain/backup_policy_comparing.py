"""Two backup policies held against each other: how they differ, and whether anything would be kept for less long.

Careful by design: what is not understood counts as a reason against a change, and so does every point that the old
policy keeps long and the new one does not name, since Azure applies a changed retention to the points there are.
"""

from collections.abc import Iterator

from shared.domain.backup_policy import KINDS, BackupPolicy, KeptFor, Kind
from shared.domain.backup_policy_words import kept_in_words, times_in_words
from shared.domain.words import counted


def differences(have: BackupPolicy, want: BackupPolicy) -> tuple[str, ...]:
    """How the vault's policy differs from the described one, a sentence part each; empty where it does not.

    Names are not compared: a further copy of a policy has a name of its own. Nor is what the file does not describe.
    """
    if why := _not_comparable(have) or _not_comparable(want):
        return (why,)
    return tuple(_differing(have, want))


def shortens_retention(have: BackupPolicy, want: BackupPolicy) -> str:
    """Why recovery points under `have` would be kept for less long under `want`; empty where none would be."""
    if why := _not_comparable(have) or _not_comparable(want):
        return why
    for kind in KINDS:
        old, new = have.points.of(kind), want.points.of(kind)
        if old is not None and (new is None or new.count < old.count or not _covers(new, old)):
            return f"{kind} points: {kept_in_words(kind, old)}, and would then be {kept_in_words(kind, new)}"
    days, fewer = have.instant_restore_days, want.instant_restore_days
    if days is not None and fewer is not None and fewer < days:
        return f"snapshots for instant restore: kept {counted(days, 'day')}, and would then be {counted(fewer, 'day')}"
    return ""


def may_move(from_: BackupPolicy, to: BackupPolicy) -> str:
    """Why an item may not go from one policy to the other, nor the one policy become the other; empty where it may.

    Enhanced to Standard is refused by the service (Azure Backup documentation, 2025), a shorter retention by Backstop.
    """
    if why := _not_comparable(from_) or _not_comparable(to):
        return why
    if from_.enhanced and not to.enhanced:
        return "from Enhanced to Standard there is no way"
    return shortens_retention(from_, to)


def _not_comparable(policy: BackupPolicy) -> str:
    if not policy.for_vms:
        return f"{policy.name} is not a policy for virtual machines"
    if policy.times is None or policy.not_understood:
        return f"{policy.name} cannot be compared: {policy.not_understood or 'its schedule is not known'}"
    return ""


def _differing(have: BackupPolicy, want: BackupPolicy) -> Iterator[str]:
    if have.enhanced != want.enhanced:
        yield f"type: {have.type}, wanted {want.type}"
    if have.times != want.times and have.times is not None and want.times is not None:
        yield f"schedule: {times_in_words(have.times)}, wanted {times_in_words(want.times)}"
    if have.time_zone.lower() != want.time_zone.lower():
        yield f"time zone: {have.time_zone}, wanted {want.time_zone}"
    for kind in KINDS:
        old, new = have.points.of(kind), want.points.of(kind)
        if old != new:
            yield f"{kind} points: {kept_in_words(kind, old)}, wanted {_wanted(kind, new)}"
    days, wanted = have.instant_restore_days, want.instant_restore_days
    if days is not None and wanted is not None and days != wanted:
        yield f"snapshots for instant restore: kept {counted(days, 'day')}, wanted {counted(wanted, 'day')}"


def _wanted(kind: Kind, kept: KeptFor | None) -> str:
    return "none" if kept is None else kept_in_words(kind, kept).replace("kept ", "for ")


def _covers(new: KeptFor, old: KeptFor) -> bool:
    """Whether each point that the old one keeps, by the calendar, is one that the new one keeps."""
    return (
        set(old.days) <= set(new.days)
        and set(old.weeks) <= set(new.weeks)
        and set(old.dates) <= set(new.dates)
        and set(old.months) <= set(new.months)
    )

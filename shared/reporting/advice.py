"""Advice for the report: that of the findings and the estate's, each piece once, by code and with its remedy. Pure.

A VM's finding and the estate may hold the same piece; it is then told once. The order is that of the list of advice,
and within one code that of the resources.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from shared.domain.advice import Advice, Advisory
from shared.domain.model import Finding


@dataclass(frozen=True, slots=True)
class AdviceGroup:
    """All advice of one code; never empty."""

    advice: Advice
    advisories: tuple[Advisory, ...]

    @property
    def count(self) -> int:
        """How many pieces."""
        return len(self.advisories)


def grouped(findings: Iterable[Finding], of_estate: Iterable[Advisory]) -> tuple[AdviceGroup, ...]:
    """Every piece of advice once, by code."""
    found = dict.fromkeys((*(each for finding in findings for each in finding.advisories), *of_estate))
    by_advice: dict[Advice, list[Advisory]] = {}
    for each in found:
        by_advice.setdefault(each.advice, []).append(each)
    return tuple(
        AdviceGroup(advice, tuple(sorted(by_advice[advice], key=_place))) for advice in Advice if advice in by_advice
    )


def within(advisories: Iterable[Advisory], subscriptions: Collection[str]) -> tuple[Advisory, ...]:
    """Those about these subscriptions (lower-cased ids) or their VMs, and those about what lies in none."""
    return tuple(
        each
        for each in advisories
        if each.subscription_id in ("", *subscriptions)
        or (each.vm is not None and each.vm.subscription_id in subscriptions)
    )


def advisory_data(advisory: Advisory) -> dict[str, object]:
    """A piece of advice, as every JSON of Backstop shows it."""
    return {
        "code": advisory.advice.code,
        "sentence": advisory.advice.sentence,
        "resource": advisory.resource_id,
        "vm": advisory.vm.text if advisory.vm is not None else None,
        "detail": advisory.detail,
        "remedy": advisory.advice.remedy,
    }


def _place(advisory: Advisory) -> tuple[str, str, str]:
    return advisory.resource_id.lower(), advisory.vm.key if advisory.vm is not None else "", advisory.detail

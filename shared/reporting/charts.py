"""Charts as inline SVG: no script, no style attribute, nothing remote, so they work in mail and under a strict CSP.

Colours come from the page's style sheet by class (`fill-…`, `stroke-…`), and each chart says in words what it shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

BAR_UNITS = 1_000
_SMALLEST = 6  # a single VM among thousands must still be seen


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a chart: how many, what the reader is told, and the class that colours it.

    `shown` is how the count is told where a plain number would not do, such as an amount of money.
    """

    count: int
    label: str
    css: str
    shown: str = ""

    @property
    def words(self) -> str:
        """The slice in words."""
        return f"{self.label}: {self.shown or format(self.count, ',')}"


def donut(slices: Sequence[Slice]) -> Markup:
    """A ring of the slices in order; a plain ring when they are all empty."""
    total = sum(each.count for each in slices)
    rings = [Markup('<circle class="ring-empty" cx="60" cy="60" r="48" fill="none" stroke-width="16"/>')]
    start = 0.0
    for each in slices:
        if not each.count:
            continue
        share = each.count / total * 100
        # A thin gap between slices, unless that would swallow the slice or there is only one.
        length = share - min(0.6, share / 3) if share < 100 else 100.0
        rings.append(
            Markup(
                '<circle class="stroke-{}" cx="60" cy="60" r="48" fill="none" stroke-width="16" pathLength="100"'
                ' stroke-dasharray="{:.3f} {:.3f}" stroke-dashoffset="{:.3f}" transform="rotate(-90 60 60)">'
                "<title>{}</title></circle>"
            ).format(each.css, length, 100 - length, -start, each.words)
        )
        start += share
    return Markup('<svg class="donut" viewBox="0 0 120 120" role="img" aria-label="{}">{}</svg>').format(
        _in_words(slices), Markup("").join(rings)
    )


def stacked_bar(slices: Sequence[Slice], largest: int) -> Markup:
    """One horizontal bar whose length is its share of `largest`, cut into the slices in order."""
    widths = bar_widths([each.count for each in slices], largest)
    parts, x = [], 0
    for each, width in zip(slices, widths, strict=True):
        if width:
            parts.append(
                Markup('<rect class="fill-{}" x="{}" width="{}" height="10"><title>{}</title></rect>').format(
                    each.css, x, width, each.words
                )
            )
        x += width
    return Markup(
        '<svg class="bar" viewBox="0 0 {} 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(BAR_UNITS, _in_words(slices), Markup("").join(parts))


def bar_widths(counts: Sequence[int], largest: int) -> list[int]:
    """Whole units for each count, never more than `BAR_UNITS` together; nothing that occurs is too thin to be seen."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    length = max(round(BAR_UNITS * total / max(largest, total)), _SMALLEST * sum(1 for each in counts if each))
    length = min(length, BAR_UNITS)
    widths = [max(round(length * each / total), _SMALLEST) if each else 0 for each in counts]
    while over := sum(widths) - length:  # the widest make up for rounding, without becoming too thin themselves
        widest = widths.index(max(widths))
        widths[widest] -= min(over, widths[widest] - _SMALLEST)
    return widths


def _in_words(slices: Sequence[Slice]) -> str:
    return ", ".join(each.words for each in slices if each.count) or "none"

import re

from hypothesis import given
from hypothesis import strategies as st

from shared.reporting.charts import BAR_UNITS, Slice, bar_widths, donut, stacked_bar

counts = st.lists(st.integers(0, 100_000), min_size=1, max_size=6)


@given(counts, st.integers(0, 500_000))
def test_a_bar_is_never_longer_than_its_place_and_hides_nothing(each: list[int], largest: int) -> None:
    widths = bar_widths(each, largest)
    assert sum(widths) <= BAR_UNITS
    assert all((width > 0) == (count > 0) for width, count in zip(widths, each, strict=True))


def test_many_thin_slices_leave_each_other_room() -> None:
    assert min(bar_widths([1, 1, 1, 5, 5], 427)) > 0


def test_widths_are_in_proportion() -> None:
    assert bar_widths([50, 30, 20], 100) == [500, 300, 200]
    assert bar_widths([25, 0, 25], 100) == [250, 0, 250]
    assert bar_widths([0, 0], 100) == [0, 0]


@given(counts)
def test_the_slices_of_a_ring_fill_it_once(each: list[int]) -> None:
    svg = donut([Slice(count, f"s{place}", "c") for place, count in enumerate(each)])
    starts = [-float(text) for text in re.findall(r'stroke-dashoffset="(-?[\d.]+)"', svg)]
    assert len(starts) == sum(1 for count in each if count)
    shares = [count / sum(each) * 100 for count in each if count]
    assert all(abs(start - sum(shares[:place])) < 0.01 for place, start in enumerate(starts))
    assert all(float(text) >= 0 for pair in re.findall(r'dasharray="([\d.]+) ([\d.]+)"', svg) for text in pair)


def test_a_chart_says_in_words_what_it_shows() -> None:
    slices = [Slice(1_200, "Compliant", "good"), Slice(0, "Unknown", "grey"), Slice(3, "<b>", "bad")]
    for svg in (donut(slices), stacked_bar(slices, 2_000)):
        assert 'aria-label="Compliant: 1,200, &lt;b&gt;: 3"' in svg
        assert "<title>Compliant: 1,200</title>" in svg
        assert "<b>" not in svg
        assert "style=" not in svg
    assert 'aria-label="none"' in donut([])

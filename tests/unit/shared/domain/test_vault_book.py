"""A vault's book: what it keeps, what it lets go, and that it comes back from its text as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.placement import COUNTED_FOR, Seat
from shared.domain.vault_book import EMPTY, KEPT_FOR, SHOWN_WITHIN, VaultBook, decode, encode

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

keys = st.sampled_from(["vm-a", "vm-b", "vm-c", "vm-\u00e9"])
moments = st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda each: NOW + each)
books = st.builds(
    VaultBook,
    st.dictionaries(keys, st.builds(Seat, st.sampled_from(["/v/One", "/v/two"]), st.text(max_size=5), moments)),
    st.lists(st.tuples(moments, keys), max_size=5).map(lambda each: tuple(sorted(each))),
    st.lists(moments, max_size=4).map(lambda each: tuple(sorted(each))),
    st.sampled_from(["", "westeurope"]),
)


@given(books)
def test_a_book_comes_back_from_its_text(book: VaultBook) -> None:
    assert decode(encode(book)) == book
    assert encode(book).isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"seats":[],"registered":[],"edited":[],"location":""}',
        '{"seats":{},"registered":[["2026-11-01T12:00:00","vm"]],"edited":[],"location":""}',
        '{"seats":{"vm":["v"]},"registered":[],"edited":[],"location":""}',
        '{"seats":{},"registered":[],"edited":[1],"location":""}',
    ],
)
def test_what_is_no_book_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text)


@given(books, st.sets(keys), st.none() | st.lists(st.tuples(moments, keys), max_size=4))
def test_settling_counts_every_job_and_every_registration_that_is_young_or_has_an_item(
    book: VaultBook, held: set[str], jobs: list[tuple[datetime, str]] | None
) -> None:
    after = book.settled(NOW, held, jobs)
    recent = [each for each in book.registered if each[0] > NOW - COUNTED_FOR]
    if jobs is None:
        assert after.registered == tuple(recent)
    else:
        known = {vm for _, vm in jobs}
        assert all(each in after.registered for each in jobs if each[0] > NOW - COUNTED_FOR)
        ours = [(at, vm) for at, vm in recent if vm not in known and (at > NOW - SHOWN_WITHIN or vm in held)]
        assert all(each in after.registered for each in ours)
        assert set(after.registered) <= {*recent, *jobs}
    for vm, seat in book.seats.items():
        gone = seat.at + (SHOWN_WITHIN if vm in held else KEPT_FOR) <= NOW
        assert (vm in after.seats) is not gone
    assert after.settled(NOW, held, jobs) == after
    assert (after.location, set(after.seats)) == (book.location, set(after.seats) & set(book.seats))


def test_a_registration_whose_job_azure_does_not_list_yet_counts_once_its_vm_has_an_item() -> None:
    old = NOW - 2 * SHOWN_WITHIN
    book = EMPTY.with_registration("vm-a", old).with_registration("vm-b", old)
    assert book.settled(NOW, {"vm-a"}, ()).registered == ((old, "vm-a"),)
    assert book.settled(NOW, {"vm-a"}, ((old + MINUTE, "vm-a"),)).registered == ((old + MINUTE, "vm-a"),)


@given(books, st.sets(keys))
def test_a_seat_is_given_up_unless_its_vm_is_being_registered(book: VaultBook, vms: set[str]) -> None:
    after = book.without_seats(vms)
    begun = {vm for _, vm in book.registered}
    assert set(after.seats) == {vm for vm in book.seats if vm not in vms or vm in begun}


def test_a_registration_and_a_change_are_kept_for_a_day() -> None:
    book = EMPTY.with_registration("vm-a", NOW - COUNTED_FOR).with_edit(NOW - COUNTED_FOR)
    book = book.with_registration("vm-b", NOW).with_edit(NOW)
    assert book.registered == ((NOW, "vm-b"),)
    assert book.edited == (NOW,)
    assert book.with_registration("vm-c", NOW + MINUTE).moments() == (NOW, NOW + MINUTE)

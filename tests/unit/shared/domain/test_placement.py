"""Placement: fewest vaults, then fewest backup policies, then fewest days, and never over a quota."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.placement import COUNTED_FOR, DAY, Berth, Quotas, Seat, Shard, next_within_day, place

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
AZURE = Quotas()


def vms(count: int) -> list[str]:
    return [f"vm-{number:05}" for number in range(count)]


def shards(base: str = "gold", there: int = 0, *used: int, most: int = 40) -> tuple[Shard, ...]:
    names = [base if number == 0 else f"{base}-{number:02}" for number in range(most)]
    return tuple(Shard(name, i < there, used[i] if i < len(used) else 0) for i, name in enumerate(names))


def none_new(_: int) -> Berth | None:
    return None


def new(number: int) -> Berth | None:
    return Berth(f"new-{number}", shards=shards())


def days(seats: Mapping[str, Seat]) -> int:
    moments = [seat.at for seat in seats.values()]
    return int((max(moments) - NOW) / DAY) + 1


def test_1200_vms_take_two_vaults_twelve_policies_and_three_days() -> None:
    seats = place(vms(1200), [], new, AZURE, NOW)
    assert len(seats) == 1200
    assert Counter(seat.vault_id for seat in seats.values()) == {"new-0": 600, "new-1": 600}
    by_policy = Counter((seat.vault_id, seat.backup_policy) for seat in seats.values())
    assert len(by_policy) == 12
    assert set(by_policy.values()) == {100}
    assert days(seats) == 3


def test_a_vault_and_a_policy_may_be_filled_to_their_limits() -> None:
    seats = place(vms(1000), [], new, AZURE, NOW)
    assert {seat.vault_id for seat in seats.values()} == {"new-0"}
    assert len({seat.backup_policy for seat in seats.values()}) == 10
    assert days(seats) == 4


def test_existing_vaults_are_filled_before_one_is_made() -> None:
    berths = [Berth("a", 990, shards("gold", 10, *[99] * 10)), Berth("b", 0, shards("gold", 1))]
    seats = place(vms(1010), berths, new, AZURE, NOW)
    assert Counter(seat.vault_id for seat in seats.values()) == {"a": 10, "b": 1000}


def test_without_leave_to_make_one_the_rest_finds_no_seat() -> None:
    seats = place(vms(30), [Berth("a", 980, shards())], none_new, AZURE, NOW)
    assert list(seats) == vms(20)


def test_a_single_vm_goes_to_the_first_vault_that_takes_it_today() -> None:
    full_today = Berth("a", 250, shards("gold", 3, 100, 100, 50), (NOW - timedelta(hours=1),) * 250)
    seats = place(["vm"], [full_today, Berth("b", 0, shards("gold", 1))], none_new, AZURE, NOW)
    assert seats["vm"] == Seat("b", "gold", NOW)
    later = place(["vm"], [full_today], none_new, AZURE, NOW)
    assert later["vm"].backup_policy == "gold-02"
    assert NOW + timedelta(hours=23) <= later["vm"].at <= NOW + timedelta(hours=24)


def test_of_the_vaults_that_hold_all_the_one_that_lacks_no_policy_comes_before_the_one_that_takes_them_today() -> None:
    lacking = Berth("a", 100, shards("gold", 1, 100))
    having = Berth("b", 50, shards("gold", 1, 50), (NOW - timedelta(hours=1),) * 250)
    seats = place(vms(40), [lacking, having], none_new, AZURE, NOW)
    assert {(seat.vault_id, seat.backup_policy) for seat in seats.values()} == {("b", "gold")}


def test_the_last_of_several_vaults_is_the_one_that_lacks_the_fewest_policies() -> None:
    berths = [
        Berth("large", 0, shards("gold", 10)),
        Berth("lacking", 100, shards("gold", 1, 100)),
        Berth("having", 150, shards("gold", 2, 100, 50)),
    ]
    seats = place(vms(1040), berths, none_new, AZURE, NOW)
    assert {seat.vault_id for seat in seats.values()} == {"large", "having"}
    assert {seat.backup_policy for seat in seats.values() if seat.vault_id == "having"} == {"gold-01"}


def test_the_reserve_of_the_day_is_left() -> None:
    seats = place(vms(250), [Berth("a", 0, shards())], none_new, Quotas(registrations=200), NOW)
    assert sum(seat.at == NOW for seat in seats.values()) == 200


@pytest.mark.parametrize(
    ("registered", "expected"), [((), None), ((-25, -2), None), ((-3, -2, -1), -3), ((-4, -3, -2), -4)]
)
def test_one_more_registration_is_due_when_the_window_has_room(
    registered: tuple[int, ...], expected: int | None
) -> None:
    moments = [NOW + timedelta(hours=each) for each in registered]
    freed = NOW if expected is None else NOW + timedelta(hours=expected) + COUNTED_FOR
    assert next_within_day(moments, 3, NOW) == freed


small_berths = st.builds(
    lambda name, used, there, registered: Berth(
        name,
        sum(used),
        shards("p", there, *used[:there], most=4),
        tuple(NOW - timedelta(hours=each) for each in sorted(registered, reverse=True)),
    ),
    st.uuids().map(str),
    st.lists(st.integers(0, 3), max_size=3),
    st.integers(0, 4),
    st.lists(st.integers(1, 23), max_size=3),
)
small_quotas = st.builds(Quotas, st.integers(1, 8), st.integers(1, 3), st.integers(1, 3))


@given(st.integers(0, 25), st.lists(small_berths, max_size=3), small_quotas, st.integers(0, 3))
def test_no_quota_is_ever_crossed(count: int, berths: list[Berth], quotas: Quotas, makeable: int) -> None:
    def more(number: int) -> Berth | None:
        return Berth(f"new-{number}", shards=shards("p", most=4)) if number < makeable else None

    seats = place(vms(count), berths, more, quotas, NOW)
    made = [berth for berth in map(more, range(makeable)) if berth is not None]
    known = {each.vault_id: each for each in [*berths, *made]}
    by_vault = Counter(seat.vault_id for seat in seats.values())
    for vault_id, taken in by_vault.items():
        berth = known[vault_id]
        assert berth.vms + taken <= quotas.vms
        for shard in berth.shards:
            under = sum(s.vault_id == vault_id and s.backup_policy == shard.name for s in seats.values())
            assert under == 0 or shard.vms + under <= quotas.policy_vms
        moments = sorted([*berth.registered, *(s.at for s in seats.values() if s.vault_id == vault_id)])
        for last in moments:
            if last >= NOW:
                window = [each for each in moments if last - DAY < each <= last]
                assert len(window) <= max(quotas.registrations, len(berth.registered))
    unplaced = count - len(seats)
    assert unplaced == 0 or sum(each.room(quotas) for each in known.values()) == len(seats)
    assert list(seats) == vms(count)[: len(seats)]


def _best(count: int, berths: list[Berth], quotas: Quotas) -> tuple[int, int, int]:
    """By trying everything: (vaults, policies, days) of the best way to place them all."""

    def policies(berth: Berth, taken: int) -> int:
        used = 0
        for shard in berth.shards:
            free = max(quotas.policy_vms - shard.vms, 0)
            used += bool(min(free, taken)) and not shard.there
            taken -= min(free, taken)
        return used

    return min(
        (
            sum(bool(each) for each in split),
            sum(policies(berth, each) for berth, each in zip(berths, split, strict=True)),
            max((-(-each // quotas.registrations) for each in split), default=0),
        )
        for split in product(*(range(each.room(quotas) + 1) for each in berths))
        if sum(split) == count
    )


@given(st.integers(1, 16), st.integers(1, 3), small_quotas)
def test_in_empty_vaults_no_other_way_is_better(count: int, vaults: int, quotas: Quotas) -> None:
    berths = [Berth(f"vault-{number}", shards=shards("p", most=8)) for number in range(vaults)]
    if sum(each.room(quotas) for each in berths) < count:
        return
    seats = place(vms(count), berths, none_new, quotas, NOW)
    found = (
        len({seat.vault_id for seat in seats.values()}),
        len({(seat.vault_id, seat.backup_policy) for seat in seats.values()}),
        days(seats),
    )
    assert found == _best(count, berths, quotas)


@given(st.integers(1, 6), st.lists(small_berths, min_size=1, max_size=3, unique_by=lambda each: each.vault_id))
def test_where_one_vault_holds_all_the_one_that_lacks_fewest_policies_is_chosen(
    count: int, berths: list[Berth]
) -> None:
    quotas = Quotas(8, 3, 2)
    able = [each for each in berths if each.room(quotas) >= count]
    seats = place(vms(count), berths, none_new, quotas, NOW)
    if not able:
        return
    [vault_id] = {seat.vault_id for seat in seats.values()}

    def lacks(berth: Berth) -> int:
        there = sum(3 - each.vms for each in berth.shards if each.there)
        return -(-max(count - there, 0) // 3)

    assert lacks(next(each for each in able if each.vault_id == vault_id)) == min(map(lacks, able))


def test_order_and_preference_decide_nothing_else() -> None:
    ways: list[Callable[[list[Berth]], list[Berth]]] = [list, lambda each: list(reversed(each))]
    berths = [Berth("a", 10, shards("gold", 1, 10)), Berth("b", 20, shards("gold", 1, 20))]
    assert [place(["vm"], way(berths), none_new, AZURE, NOW)["vm"].vault_id for way in ways] == ["a", "b"]

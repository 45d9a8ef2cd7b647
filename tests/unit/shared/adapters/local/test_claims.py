from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.local.claims import SqliteClaims
from shared.adapters.local.store import Store
from shared.ports import Claims

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TTL = timedelta(minutes=5)


@pytest.fixture
def claims(store: Store) -> Claims:
    return SqliteClaims(store)


async def test_a_claim_holds_against_everybody_until_it_ends(claims: Claims) -> None:
    assert await claims.claim("vm", "one", NOW, TTL) is None
    assert await claims.claim("vm", "two", NOW + TTL / 2, TTL) == NOW + TTL
    assert await claims.claim("vm", "two", NOW + TTL - timedelta(microseconds=1), TTL) == NOW + TTL
    assert await claims.claim("vm", "two", NOW + TTL, TTL) is None


async def test_the_same_owner_does_not_get_it_twice(claims: Claims) -> None:
    assert await claims.claim("vm", "one", NOW, TTL) is None
    assert await claims.claim("vm", "one", NOW, TTL) == NOW + TTL


async def test_claims_on_other_keys_do_not_matter(claims: Claims) -> None:
    assert await claims.claim("vm-1", "one", NOW, TTL) is None
    assert await claims.claim("vm-2", "two", NOW, TTL) is None


async def test_only_its_owner_gives_a_claim_back(claims: Claims) -> None:
    await claims.claim("vm", "one", NOW, TTL)
    await claims.release("vm", "two")
    assert await claims.claim("vm", "two", NOW, TTL) == NOW + TTL
    await claims.release("vm", "one")
    assert await claims.claim("vm", "two", NOW, TTL) is None


async def test_a_late_release_does_not_take_the_next_owners_claim(claims: Claims) -> None:
    await claims.claim("vm", "one", NOW, TTL)
    await claims.claim("vm", "two", NOW + TTL, TTL)
    await claims.release("vm", "one")
    assert await claims.claim("vm", "three", NOW + TTL, TTL) == NOW + TTL * 2


async def test_a_claim_from_before_the_clock_went_back_has_ended(claims: Claims) -> None:
    await claims.claim("vm", "one", NOW, TTL)
    assert await claims.claim("vm", "two", NOW - TTL, TTL) == NOW + TTL
    assert await claims.claim("vm", "two", NOW - TTL - timedelta(microseconds=1), TTL) is None


async def test_another_process_sees_the_claim(claims: Claims, store: Store) -> None:
    await claims.claim("vm", "one", NOW, TTL)
    with Store(store.directory) as second:
        assert await SqliteClaims(second).claim("vm", "two", NOW, TTL) == NOW + TTL

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters.local.ledger import SqliteLedger
from shared.adapters.local.store import Store
from shared.ports import Intent, Ledger
from tests.findings import moments

URLS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moments, URLS)
async def test_an_intent_comes_back_as_it_was_recorded(store: Store, at: datetime, url: str) -> None:
    ledger: Ledger = SqliteLedger(store)
    await ledger.record("protect|vm", Intent(at, url))
    assert await ledger.intent("protect|vm") == Intent(at, url)


async def test_an_intent_outlives_its_process_and_the_latest_one_counts(store: Store) -> None:
    first = Intent(datetime.fromisoformat("2026-11-24T08:00:00.000001+00:00"))
    second = Intent(first.at, "https://management.azure.com/op?c=signature")
    ledger = SqliteLedger(store)
    await ledger.record("protect|vm", first)
    await ledger.record("protect|vm", second)
    with Store(store.directory) as reopened:
        assert await SqliteLedger(reopened).intent("protect|vm") == second


async def test_an_intent_that_was_forgotten_or_never_recorded_is_none(store: Store) -> None:
    ledger = SqliteLedger(store)
    await ledger.record("protect|vm", Intent(datetime.fromisoformat("2026-11-24T08:00:00+00:00")))
    assert await ledger.intent("backup|vm") is None
    await ledger.forget("protect|vm")
    await ledger.forget("protect|vm")
    assert await ledger.intent("protect|vm") is None


async def test_the_intents_of_a_prefix_are_those_whose_keys_begin_so(store: Store) -> None:
    ledger, at = SqliteLedger(store), datetime.fromisoformat("2026-11-24T08:00:00+00:00")
    for key in ("vault|/a", "vault|/\u00e9", "vault}", "vaul", "vault", "VAULT|/b"):
        await ledger.record(key, Intent(at, key))
    assert await ledger.with_prefix("vault|") == {
        "vault|/a": Intent(at, "vault|/a"),
        "vault|/\u00e9": Intent(at, "vault|/\u00e9"),
    }

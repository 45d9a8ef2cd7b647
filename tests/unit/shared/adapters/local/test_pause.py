import sqlite3

from shared.adapters.local.pause import NO_REASON, SqlitePauseSwitch
from shared.adapters.local.store import FILE_NAME, Store
from shared.ports import PauseSwitch


async def test_writing_is_allowed_until_somebody_pauses_and_again_after_resuming(store: Store) -> None:
    switch = SqlitePauseSwitch(store)
    port: PauseSwitch = switch
    assert await port.paused() == ""
    await switch.pause("freeze until Monday")
    await switch.pause("freeze until Tuesday")
    assert await port.paused() == "freeze until Tuesday"
    await switch.resume()
    await switch.resume()
    assert await port.paused() == ""


async def test_a_pause_without_a_reason_is_still_a_pause(store: Store) -> None:
    switch = SqlitePauseSwitch(store)
    await switch.pause("  ")
    assert await switch.paused() == NO_REASON


async def test_another_process_sees_the_pause_at_once(store: Store) -> None:
    switch = SqlitePauseSwitch(store)
    with Store(store.directory) as second:
        await SqlitePauseSwitch(second).pause("stop")
        assert await switch.paused() == "stop"


async def test_a_switch_that_cannot_be_read_counts_as_paused(store: Store) -> None:
    switch = SqlitePauseSwitch(store)
    raw = sqlite3.connect(store.directory / FILE_NAME)
    raw.execute("DROP TABLE pause")
    raw.close()
    assert (await switch.paused()).startswith("the pause switch cannot be read: ")


async def test_a_closed_store_counts_as_paused(store: Store) -> None:
    switch = SqlitePauseSwitch(store)
    store.close()
    assert (await switch.paused()).startswith("the pause switch cannot be read: ")

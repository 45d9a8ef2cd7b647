"""The ledger of quotas in SQLite, with two processes on one file."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.adapters.local.books import SqliteBooks
from shared.adapters.local.store import Store
from shared.domain.placement import Seat
from shared.domain.vault_book import EMPTY, VaultBook
from shared.errors import SettingsError
from shared.ports import Books

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
SUB = "11111111-1111-4111-8111-111111111111"
VAULT = f"/subscriptions/{SUB}/resourcegroups/rg/providers/microsoft.recoveryservices/vaults/one"
OTHER = VAULT.replace(SUB, SUB.replace("1111-4", "2222-4"))
ONE = EMPTY.with_registration("vm", NOW)


async def test_a_book_is_changed_only_where_its_version_is_the_one_that_was_read(store: Store) -> None:
    books: Books = SqliteBooks(store)
    assert await books.of(SUB) == {}
    assert await books.swap(VAULT, 0, ONE)
    assert not await books.swap(VAULT, 0, EMPTY)
    assert not await books.swap(VAULT, 2, EMPTY)
    assert await books.swap(VAULT, 1, ONE.with_edit(NOW))
    page = (await books.of(SUB))[VAULT]
    assert (page.version, page.book) == (2, ONE.with_edit(NOW))


async def test_a_subscriptions_books_are_its_own_and_outlive_the_process(store: Store) -> None:
    seated = VaultBook({"vm": Seat("/v/One", "gold", NOW)}, location="westeurope")
    await SqliteBooks(store).swap(VAULT, 0, seated)
    await SqliteBooks(store).swap(OTHER, 0, ONE)
    with Store(store.directory) as reopened:
        pages = await SqliteBooks(reopened).of(SUB.upper())
    assert {key: page.book for key, page in pages.items()} == {VAULT: seated}


async def test_another_workers_change_is_seen(store: Store) -> None:
    here, there = SqliteBooks(store), SqliteBooks(store)
    await here.swap(VAULT, 0, ONE)
    assert (await there.of(SUB))[VAULT].book == ONE
    await there.swap(VAULT, 1, EMPTY)
    assert (await here.of(SUB))[VAULT].book == EMPTY
    assert not await here.swap(VAULT, 1, ONE)


async def test_a_book_that_cannot_be_read_stops_the_work(store: Store) -> None:
    await SqliteBooks(store).swap(VAULT, 0, ONE)
    with store.transaction() as connection:
        connection.execute("UPDATE books SET body = 'x', version = 7")
    with pytest.raises(SettingsError, match="cannot be read") as caught:
        await SqliteBooks(store).of(SUB)
    assert caught.value.resource_id == VAULT
    assert "Delete its row" in caught.value.remedy


RACER = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shared.adapters.local.books import SqliteBooks
from shared.adapters.local.store import Store
from shared.domain.vault_book import EMPTY

async def main(directory, vault, who):
    with Store(Path(directory)) as store:
        books = SqliteBooks(store)
        for number in range(30):
            while True:
                page = (await books.of(vault.split("/")[2])).get(vault)
                book, version = (page.book, page.version) if page else (EMPTY, 0)
                moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=len(book.registered))
                if await books.swap(vault, version, book.with_registration(f"{who}-{number}", moment)):
                    break

asyncio.run(main(*sys.argv[1:]))
"""


def test_two_processes_that_race_lose_no_registration(store: Store) -> None:
    root = Path(__file__).parents[5]
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, str(store.directory), VAULT, who], cwd=root)
        for who in ("a", "b")
    ]
    assert [racer.wait(timeout=60) for racer in racers] == [0, 0]
    page = asyncio.run(SqliteBooks(store).of(SUB))[VAULT]
    assert page.version == 60
    assert {vm for _, vm in page.book.registered} == {f"{who}-{number}" for who in "ab" for number in range(30)}

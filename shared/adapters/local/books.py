"""The ledger of quotas in SQLite: a book for each vault, changed only where its version is the one that was read."""

from collections.abc import Mapping

from shared.adapters.local.store import Store
from shared.domain import vault_book
from shared.domain.vault_book import VaultBook
from shared.errors import SettingsError
from shared.ports import BookPage


class SqliteBooks:
    """`Books` on a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: dict[str, BookPage] = {}  # the latest of each, so that an unchanged one is not decoded again

    async def of(self, subscription_id: str) -> Mapping[str, BookPage]:
        """The books of the subscription's vaults. SettingsError where one cannot be read: quotas are never guessed."""
        prefix = f"/subscriptions/{subscription_id.lower()}/"
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT vault, version, body FROM books WHERE vault >= ? AND vault < ?", (prefix, prefix + "\U0010ffff")
            ).fetchall()
        return {vault: self._page(vault, version, body) for vault, version, body in rows}

    async def swap(self, vault_key: str, version: int, book: VaultBook) -> bool:
        """Compare and swap, in one transaction."""
        with self._store.transaction() as connection:
            if version == 0:
                done = connection.execute(
                    "INSERT OR IGNORE INTO books (vault, version, body) VALUES (?, 1, ?)",
                    (vault_key, vault_book.encode(book)),
                )
            else:
                done = connection.execute(
                    "UPDATE books SET version = version + 1, body = ? WHERE vault = ? AND version = ?",
                    (vault_book.encode(book), vault_key, version),
                )
        if done.rowcount != 1:
            return False
        self._read[vault_key] = BookPage(version + 1, book)
        return True

    def _page(self, vault: str, version: int, body: str) -> BookPage:
        known = self._read.get(vault)
        if known is None or known.version != version:
            known = self._read[vault] = BookPage(version, self._decoded(vault, body))
        return known

    def _decoded(self, vault: str, body: str) -> VaultBook:
        try:
            return vault_book.decode(body)
        except ValueError as error:
            raise SettingsError(
                f"A book of quotas in {self._store.path} cannot be read: {error}",
                resource_id=vault,
                remedy="Delete its row; the next sweep counts anew what Azure holds",
            ) from error

"""The book of quotas, changed by several workers at a time."""

from datetime import timedelta

import pytest

from shared.domain.placement import COUNTED_FOR, Seat
from shared.domain.steps import Placement
from shared.domain.vault_book import EMPTY
from shared.ports import BookPage
from tests.fakes import SUB, World, a_vault, a_vm
from tests.policies import demo_policy

VAULT = a_vault()
KEY = VAULT.id.key


async def test_a_seat_is_not_kept_over_a_change_that_was_not_seen() -> None:
    here = World(demo_policy())
    here.azure.vaults.append(VAULT)
    placer, place = here.reconciler.placer, Placement(Seat(VAULT.id.text, "gold", here.clock.now()))
    read = await placer.read(SUB, [VAULT.id.text])
    here.books.pages[KEY] = BookPage(1, EMPTY.with_edit(here.clock.now()))
    assert not await placer.reserve("vm", "westeurope", place, read)
    assert await placer.reserve("vm", "westeurope", place, await placer.read(SUB, [VAULT.id.text]))
    assert here.books.pages[KEY].book.seats == {"vm": place.seat}
    version = here.books.pages[KEY].version
    assert await placer.reserve("vm", "westeurope", place, await placer.read(SUB, [VAULT.id.text]))
    assert here.books.pages[KEY].version == version  # it was there already


async def test_a_registration_counts_with_those_that_other_workers_count_meanwhile() -> None:
    here = World(demo_policy())
    now = here.clock.now()
    here.books.pages[KEY] = BookPage(1, EMPTY.with_seats({"vm": Seat(VAULT.id.text, "gold", now)}))

    def other() -> None:
        page = here.books.pages[KEY]
        here.books.pages[KEY] = BookPage(page.version + 1, page.book.with_registration("other", now))

    here.books.interfere += [other]
    assert await here.reconciler.placer.register(VAULT.id.text, SUB, "vm", 2) is None
    assert [vm for _, vm in here.books.pages[KEY].book.registered] == ["other", "vm"]
    assert await here.reconciler.placer.register(VAULT.id.text, SUB, "vm", 2) == now + COUNTED_FOR
    here.clock.moment += COUNTED_FOR
    assert await here.reconciler.placer.register(VAULT.id.text, SUB, "vm", 2) is None


async def test_a_registration_without_a_seat_is_not_counted() -> None:
    here = World(demo_policy())
    assert await here.reconciler.placer.register(VAULT.id.text, SUB, "vm", 2) == here.clock.now()
    assert here.books.pages == {}


async def test_a_book_that_never_stands_still_is_given_up() -> None:
    here = World(demo_policy())

    def other() -> None:
        page = here.books.pages.get(KEY, BookPage(0, EMPTY))
        here.books.pages[KEY] = BookPage(page.version + 1, page.book)

    here.books.interfere += [other] * 100
    with pytest.raises(RuntimeError, match="changed 20 times"):
        await here.reconciler.placer.edit(VAULT.id.text, SUB, 5)


async def test_changes_of_policies_are_put_off_until_the_day_has_room() -> None:
    here = World(demo_policy())
    placer, begun = here.reconciler.placer, here.clock.now()
    assert await placer.edit(VAULT.id.text, SUB, 2) is None
    here.clock.moment += timedelta(hours=1)
    assert await placer.edit(VAULT.id.text, SUB, 2) is None
    assert await placer.edit(VAULT.id.text, SUB, 2) == begun + COUNTED_FOR
    here.clock.moment = begun + COUNTED_FOR
    assert await placer.edit(VAULT.id.text, SUB, 2) is None


async def test_a_vm_that_comes_alone_goes_where_the_sweep_would_have_put_it() -> None:
    """With the same books, the event's way and the sweep's lead to one vault and policy."""
    vm = a_vm()
    for full in (False, True):
        swept, evented = World(demo_policy()), World(demo_policy())
        for here in (swept, evented):
            here.azure.vaults += [a_vault("vault-1"), a_vault("vault-2")]
            here.azure.add(vm)
            if full:
                book = EMPTY
                for number in range(250):
                    book = book.with_registration(f"vm-{number}", here.clock.now() - timedelta(minutes=20))
                here.books.pages[a_vault("vault-1").id.key] = BookPage(1, book)
        await swept.sweep()
        await evented.request(vm)
        await evented.run()
        (there,), (here_too,) = swept.azure.items_of(vm), evented.azure.items_of(vm)
        assert (there.vault_id, there.backup_policy) == (here_too.vault_id, here_too.backup_policy)
        assert there.vault_id.endswith("vault-2" if full else "vault-1")

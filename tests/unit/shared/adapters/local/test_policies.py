from pathlib import Path

from shared.adapters.local.policies import SqliteLastGood
from shared.adapters.local.store import Store


async def test_the_last_good_text_of_each_source_is_kept_across_processes(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept = SqliteLastGood(store)
        await kept.keep("one", "a")
        await kept.keep("one", "b")
        await kept.keep("two", "c")
    with Store(tmp_path) as store:
        kept = SqliteLastGood(store)
        assert (await kept.last_good("one"), await kept.last_good("two"), await kept.last_good("x")) == ("b", "c", None)
        await kept.forget("one")
        assert (await kept.last_good("one"), await kept.last_good("two")) == (None, "c")

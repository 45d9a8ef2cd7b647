from handlers import reconcile
from shared.adapters.local.work_queue import SqliteWorkQueue
from shared.bootstrap import Backstop
from shared.domain import messages
from shared.domain.model import ReconcileRequest, Status
from tests.fakes import World, a_vault, a_vm


async def test_a_request_is_worked_on_and_sent_again_while_azure_is_at_work(world: World, backstop: Backstop) -> None:
    world.azure.vaults.append(a_vault())
    vm = world.azure.add(a_vm())
    done = await reconcile.work_on(messages.encode(ReconcileRequest(vm.id, "event")).encode())
    assert done is not None
    assert done.outcome.status is Status.ACCEPTED
    assert world.azure.writes == [("protect", vm.id.key)]
    assert await backstop.queue.depth("reconcile") == 1


async def test_bytes_that_are_no_text_are_kept_in_the_poison_queue(backstop: Backstop) -> None:
    assert await reconcile.work_on(b"\xff{}") is None
    assert isinstance(backstop.queue, SqliteWorkQueue)
    (kept,) = await backstop.queue.poisoned("reconcile")
    assert kept.body == "\\xff{}"

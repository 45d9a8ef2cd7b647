"""Jobs: followed to their end, and each failed one told with Azure's code, its recommendation and our remedy."""

from datetime import timedelta
from pathlib import Path

from shared.bootstrap import open_survey
from shared.domain.advice import Advice
from shared.domain.azure_answers import Scope
from shared.domain.job_advice import job_advisories
from shared.domain.job_groups import JobGroup, counted
from shared.domain.troubleshooting import advice_for
from shared.job_board import JobReader, Wish
from shared.settings import Settings
from tests.simulator.guide.guided import FIRST_BACKUP, VAULT, guided

TWO = f"{VAULT}virtualMachines: [{{name: vm-1}}, {{name: vm-2}}]\n"


async def test_in_progress_completed_and_failed_are_shown_and_the_failed_one_is_a_finding(tmp_path: Path) -> None:
    async with guided(tmp_path, TWO) as here:
        await here.fault(fault="job", operation="POST backup", vmId=here.vm("vm-2").id, status="Failed")
        await here.sweep()
        async with open_survey(Settings(endpoint=here.url)) as survey:
            wish = Wish(Scope(), here.now() - timedelta(days=1))
            reader = JobReader(survey.jobs, survey.inventory, survey.clock)
            running = counted((await reader.look(wish)).jobs)
            assert (running[JobGroup.IN_PROGRESS], running[JobGroup.COMPLETED]) == (2, 2)
            await here.wait(FIRST_BACKUP)
            board = await reader.look(wish)
            ended = counted(board.jobs)
            assert (ended[JobGroup.IN_PROGRESS], ended[JobGroup.COMPLETED], ended[JobGroup.FAILED]) == (0, 3, 1)
            failed = [each async for each in survey.jobs.failed_last(Scope())]
        [advisory] = job_advisories(failed, here.now())
        assert (advisory.advice, advisory.vm and advisory.vm.name) == (Advice.BACKUP_JOB_FAILED, "vm-2")
        assert "UserErrorGuestAgentStatusUnavailable" in advisory.detail
        assert failed[0].recommendations
        assert advice_for(failed[0].error_code, failed[0].error).remedy

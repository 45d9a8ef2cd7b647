"""Tells the outside world what happened, through a custom topic of Event Grid when one is set.

What is published is what others may build on: a protected VM and a finished report, never a decision in between.
"""

from typing import Any, Self

from azure.core.credentials import AzureKeyCredential
from azure.eventgrid import EventGridEvent
from azure.eventgrid.aio import EventGridPublisherClient

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.login import azure_login
from shared.domain.model import Finding
from shared.errors import BackstopError, RetryLaterError

VM_PROTECTED = "Backstop.VmProtected"
REPORT_READY = "Backstop.ReportReady"
DATA_VERSION = "1"


class EventGridNotices:
    """The port Notices on a topic of Event Grid. RetryLaterError where an event could not be published."""

    def __init__(self, endpoint: str, key: str = "") -> None:
        """An async context manager. Without a key the login to Azure is used, which sends its token over TLS only."""
        self._login = None if key else azure_login()
        self._client = EventGridPublisherClient(
            endpoint,
            self._login or AzureKeyCredential(key),
            retry_total=0,
            permit_redirects=False,
            connection_timeout=10,
            read_timeout=30,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._client.close()
        if self._login is not None:
            await self._login.close()

    async def vm_protected(self, finding: Finding) -> None:
        """Publish `Backstop.VmProtected` about a VM, at the moment of the finding."""
        protection = finding.protection
        data = {
            "vmId": finding.vm.text,
            "location": finding.location,
            "vaultId": protection.vault_id if protection else "",
            "protectedItemId": protection.item_id if protection else "",
            "backupPolicy": protection.backup_policy if protection else "",
            "protectionState": protection.state.value if protection else "",
            "rule": finding.verdict.rule,
            "policyHash": finding.policy_hash,
            "cause": finding.cause,
            "correlationId": finding.correlation_id,
            "runId": finding.run_id,
        }
        await self._publish(VM_PROTECTED, finding.vm.text, data, event_time=finding.at)

    async def report_ready(self, summary: dict[str, object]) -> None:
        """Publish `Backstop.ReportReady` with the summary as its data."""
        await self._publish(REPORT_READY, "report", summary)

    async def _publish(self, kind: str, subject: str, data: dict[str, Any], **fields: Any) -> None:
        event = EventGridEvent(subject=subject, event_type=kind, data=data, data_version=DATA_VERSION, **fields)
        try:
            with translated(subject, connection_wide=True):
                await self._client.send(event)
        except RetryLaterError:
            raise
        except BackstopError as error:  # a wrong key or topic: the work itself is done, only the news is late
            raise RetryLaterError(
                f"the event {kind} could not be published: {error.message}",
                code=error.code,
                resource_id=subject,
                remedy="Check the topic's endpoint and its access.",
            ) from error


class NoNotices:
    """Stands where no topic is set."""

    async def vm_protected(self, finding: Finding) -> None:
        """Nothing is published."""

    async def report_ready(self, summary: dict[str, object]) -> None:
        """Nothing is published."""

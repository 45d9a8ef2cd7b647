"""The estate in bulk, from Azure Resource Graph: a thousand rows for each request.

A cut, malformed or refused answer raises; nothing is skipped in silence, because a VM that is missing here would look
as if it had left the estate. Resource Graph lags behind ARM: the core re-reads a VM there before it writes.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from azure.mgmt.resourcegraph.aio import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from shared.adapters.azure import queries
from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.protection_mapping import protection_from_row
from shared.adapters.azure.vault_mapping import vault_from_row
from shared.adapters.azure.vm_mapping import vm_from_row
from shared.adapters.azure.wire import Wire, required_text, text_at
from shared.domain.azure_answers import Scope, Subscription
from shared.domain.model import Protection, Vault, Vm
from shared.errors import LoginError, PermanentError, RetryLaterError, SettingsError
from shared.ports import Clock

PAGE_SIZE = 1000  # Resource Graph's most
SUBSCRIPTIONS_AT_ONCE = 300  # what its documentation recommends at most
TRIES = 6
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=2)


class _Page(NamedTuple):
    rows: Sequence[object]
    truncated: bool
    skip_token: str


class ResourceGraphInventory:
    """The port Inventory. A page that Azure throttles is asked for again, up to six times, by the Clock port."""

    def __init__(self, connection: Connection, clock: Clock, subscriptions: Sequence[Subscription]) -> None:
        """`subscriptions` are those that the login can read, which an empty scope stands for."""
        self._connection = connection
        self._clock = clock
        self._all = {each.id: each for each in subscriptions}
        self._readable = set(self._all)

    async def subscriptions(self, scope: Scope) -> tuple[Subscription, ...]:
        """The subscriptions that the scope reaches and the login can read, ordered by id."""
        if not scope.subscriptions and not scope.management_groups:
            found = dict(self._all)
        else:
            found = {}
            for where in _chunks(scope):
                async for row in self._rows(queries.SUBSCRIPTIONS, where):
                    with translated():
                        each = _subscription(row)
                    found[each.id] = each
        self._readable.update(found)
        return tuple(found[key] for key in sorted(found))

    async def vms(self, scope: Scope) -> AsyncIterator[Vm]:
        """Every VM in scope, ordered by id as Resource Graph orders."""
        inside = await self._inside(scope)
        groups: dict[str, Wire] = {}
        for where in _chunks(inside):
            async for row in self._rows(queries.GROUPS, where):
                with translated():
                    groups[required_text(row, "id").lower()] = row
        for where in _chunks(inside):
            async for row in self._rows(queries.VMS, where):
                with translated(_name_of(row)):
                    vm = vm_from_row(row, groups.get(_group_of(row), {}))
                yield vm

    async def vaults(self, scope: Scope) -> tuple[Vault, ...]:
        """Every Recovery Services vault in scope."""
        found: list[Vault] = []
        for where in _chunks(await self._inside(scope)):
            async for row in self._rows(queries.VAULTS, where):
                with translated(_name_of(row)):
                    found.append(vault_from_row(row))
        return tuple(found)

    async def protections(self, scope: Scope) -> AsyncIterator[tuple[str, Protection]]:
        """(lower-cased VM id, its protected item) for every backup of a whole VM in scope."""
        for where in _chunks(await self._inside(scope)):
            async for row in self._rows(queries.PROTECTED_ITEMS, where):
                with translated(_name_of(row)):
                    protection = protection_from_row(row)
                yield protection

    async def _inside(self, scope: Scope) -> Scope:
        """The scope as subscriptions. One that cannot be read is an error: Resource Graph would leave it out unsaid."""
        wanted = {each.lower() for each in scope.subscriptions}
        if scope.management_groups or not wanted or not wanted <= self._readable:
            wanted |= {each.id for each in await self.subscriptions(scope)}
        if not wanted:
            raise LoginError("the login can read no subscription in scope", remedy="Give it the role Reader there.")
        if missing := sorted(wanted - self._readable):
            raise SettingsError(
                f"the login cannot read {len(missing)} subscription(s) in scope, the first being {missing[0]}",
                code="SubscriptionNotReadable",
                remedy="Give it the role Reader there, or take the subscription out of the scope.",
            )
        return Scope(subscriptions=tuple(sorted(wanted)))

    async def _rows(self, query: str, where: Scope) -> AsyncIterator[Wire]:
        token = ""
        while True:
            page = await self._patiently(query, where, token)
            for row in page.rows:
                if not isinstance(row, dict):
                    raise PermanentError("a row of Resource Graph is not an object", code="MalformedAnswer")
                yield row
            if not page.skip_token:
                if page.truncated:
                    raise PermanentError("Resource Graph cut its answer short and cannot go on", code="Truncated")
                return
            if page.skip_token == token:
                raise PermanentError("Resource Graph gives the same page again and again", code="MalformedAnswer")
            token = page.skip_token

    async def _patiently(self, query: str, where: Scope, token: str) -> _Page:
        wait = _FIRST_WAIT
        for _ in range(TRIES - 1):
            try:
                return await self._page(query, where, token)
            except RetryLaterError as error:
                due = self._clock.now() + min(error.retry_after or wait, _LONGEST_WAIT)
            while self._clock.now() < due:  # a virtual clock may come back sooner
                await self._clock.wait_until(due)
            wait *= 2
        return await self._page(query, where, token)

    async def _page(self, query: str, where: Scope, token: str) -> _Page:
        request = QueryRequest(
            query=query,
            subscriptions=list(where.subscriptions) or None,
            management_groups=list(where.management_groups) or None,
            options=QueryRequestOptions(top=PAGE_SIZE, skip_token=token or None, result_format="objectArray"),
        )
        with translated(connection_wide=True):
            client = self._connection.client(ResourceGraphClient)
            result: Any = await client.resources(request, cls=_with_headers)
            answer, headers = result
            if str(headers.get("x-ms-tenant-subscription-limit-hit", "")).lower() == "true":
                raise SettingsError(
                    "the scope holds more subscriptions than Resource Graph looks into",
                    code="TenantSubscriptionLimitHit",
                    remedy="Split the scope over several policies.",
                )
            if not isinstance(answer.data, list) or answer.count != len(answer.data):
                raise ValueError("the rows do not agree with their count")
            return _Page(answer.data, str(answer.result_truncated).lower() == "true", answer.skip_token or "")


def _with_headers(response: Any, answer: Any, _headers: Any) -> Any:
    return answer, response.http_response.headers


def _chunks(scope: Scope) -> Iterator[Scope]:
    """Scopes that Resource Graph takes: management groups, or subscriptions in portions."""
    if scope.management_groups:
        yield Scope(management_groups=scope.management_groups)
    for start in range(0, len(scope.subscriptions), SUBSCRIPTIONS_AT_ONCE):
        yield Scope(subscriptions=scope.subscriptions[start : start + SUBSCRIPTIONS_AT_ONCE])


def _subscription(row: Wire) -> Subscription:
    return Subscription(
        id=required_text(row, "subscriptionId").lower(), name=text_at(row, "name"), tenant_id=text_at(row, "tenantId")
    )


def _group_of(row: Wire) -> str:
    return text_at(row, "id").lower().partition("/providers/")[0]


def _name_of(row: Wire) -> str:
    name = row.get("id")
    return name if isinstance(name, str) else ""

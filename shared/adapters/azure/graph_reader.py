"""Reads Azure Resource Graph to its end: page after page, within its quota, and never less than everything unsaid.

A cut, malformed or refused answer raises. A page that Azure throttles is asked for again, up to six times, and where
an answer says that the quota is used up the next question waits until it is not; both by the Clock port.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from azure.mgmt.resourcegraph.aio import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from shared.adapters.azure.arm_errors import translated
from shared.adapters.azure.connection import Connection
from shared.adapters.azure.wire import Wire
from shared.domain.azure_answers import Scope
from shared.errors import PermanentError, RetryLaterError, SettingsError
from shared.ports import Clock

PAGE_SIZE = 1000  # Resource Graph's most
SUBSCRIPTIONS_AT_ONCE = 300  # what its documentation recommends at most
TRIES = 6
_VERSION_THAT_LOOKS_ABOVE = "2022-10-01"
_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=2)
_SPAN = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?", re.ASCII)


class _Options(QueryRequestOptions):
    """With an option of api-version 2022-10-01 and later, which the SDK does not know yet."""

    _attribute_map = {  # noqa: RUF012 - the name and the form are the SDK's
        **QueryRequestOptions._attribute_map,  # noqa: SLF001
        "authorization_scope_filter": {"key": "authorizationScopeFilter", "type": "str"},
    }
    authorization_scope_filter: str | None


class _Page(NamedTuple):
    rows: Sequence[object]
    truncated: bool
    skip_token: str


class GraphReader:
    """Rows of Resource Graph over one connection."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._free_from: datetime | None = None

    async def rows(self, query: str, where: Scope, *, above: bool = False) -> AsyncIterator[Wire]:
        """Every row of the query, which must project `id` and order by it.

        `above`: for Azure Policy's table, what lies upon the management groups above the scope as well.
        """
        token = ""
        while True:
            try:
                page = await self._patiently(query, where, token, above=above)
            except PermanentError as error:
                if any(each in error.message for each in (*where.subscriptions, *where.management_groups)):
                    error.remedy = error.remedy or "Check the scope, and that the login may read there."
                raise
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

    async def _patiently(self, query: str, where: Scope, token: str, *, above: bool) -> _Page:
        wait = _FIRST_WAIT
        for _ in range(TRIES - 1):
            await self._until(self._free_from)
            try:
                return await self._page(query, where, token, above=above)
            except RetryLaterError as error:
                due = self._clock.now() + min(error.retry_after or wait, _LONGEST_WAIT)
            await self._until(due)
            wait *= 2
        return await self._page(query, where, token, above=above)

    async def _until(self, due: datetime | None) -> None:
        while due is not None and self._clock.now() < due:  # a virtual clock may come back sooner
            await self._clock.wait_until(due)

    async def _page(self, query: str, where: Scope, token: str, *, above: bool) -> _Page:
        options = _Options(top=PAGE_SIZE, skip_token=token or None, result_format="objectArray")
        options.authorization_scope_filter = "AtScopeAboveAndBelow" if above else None
        request = QueryRequest(
            query=query,
            subscriptions=list(where.subscriptions) or None,
            management_groups=list(where.management_groups) or None,
            options=options,
        )
        with translated(connection_wide=True):
            client = self._connection.client(ResourceGraphClient)
            version = {"api_version": _VERSION_THAT_LOOKS_ABOVE} if above else {}
            result: Any = await client.resources(request, cls=_with_headers, **version)
            answer, headers = result
            self._free_from = self._quota_free(headers)
            if str(headers.get("x-ms-tenant-subscription-limit-hit", "")).lower() == "true":
                raise SettingsError(
                    "the scope holds more subscriptions than Resource Graph looks into",
                    code="TenantSubscriptionLimitHit",
                    remedy="Split the scope over several policies.",
                )
            if not isinstance(answer.data, list) or answer.count != len(answer.data):
                raise ValueError("the rows do not agree with their count")
            return _Page(answer.data, str(answer.result_truncated).lower() == "true", answer.skip_token or "")

    def _quota_free(self, headers: Mapping[str, str]) -> datetime | None:
        """When the next question is allowed, where this was the last one of the quota (documentation, 2021)."""
        span = _SPAN.fullmatch(headers.get("x-ms-user-quota-resets-after", "").strip())
        if headers.get("x-ms-user-quota-remaining", "").strip() != "0" or span is None:
            return None
        hours, minutes, seconds = (int(part) for part in span.groups())
        wait = timedelta(hours=hours, minutes=minutes, seconds=max(seconds, 1))
        return self._clock.now() + min(wait, _LONGEST_WAIT)


def _with_headers(response: Any, answer: Any, _headers: Any) -> Any:
    return answer, response.http_response.headers


def chunks(scope: Scope) -> Iterator[Scope]:
    """Scopes that Resource Graph takes: management groups, or subscriptions in portions."""
    if scope.management_groups:
        yield Scope(management_groups=scope.management_groups)
    for start in range(0, len(scope.subscriptions), SUBSCRIPTIONS_AT_ONCE):
        yield Scope(subscriptions=scope.subscriptions[start : start + SUBSCRIPTIONS_AT_ONCE])

"""What happens to each request on its way to ARM, the same for every client.

The SDK's defaults are replaced as a whole, because they retry (a POST too), sleep for as long as a header says,
follow redirects and register resource providers. Backstop's requests are sent once; who called decides what is next.
"""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Self, cast
from urllib.parse import unquote, urlsplit

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    CustomHookPolicy,
    HeadersPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy
from typing_extensions import override
from yarl import URL

from shared.endpoint import PUBLIC_ARM, is_loopback, same_origin
from shared.errors import LoginError, PermanentError

_SCOPE = f"{PUBLIC_ARM}/.default"


class Watch(SansIOHTTPPolicy[Any, Any]):
    """Keeps requests at home, counts them, and notices a simulator's virtual clock.

    A simulator answers with `x-sim-now` (ISO 8601, UTC) and `x-sim-clock` (a path); Azure sends neither. They are
    believed from this machine only.
    """

    def __init__(self, endpoint: str) -> None:
        self.requests: Counter[str] = Counter()
        self.virtual_clock_path: str | None = None
        self.observed_now: datetime | None = None
        self._endpoint = endpoint
        self._loopback = is_loopback(endpoint)

    @override
    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Refuse any other host, such as one that a nextLink names: PermanentError before anything is sent."""
        url = str(request.http_request.url)
        if not same_origin(url, self._endpoint):
            host = urlsplit(url).hostname or ""
            raise PermanentError(f"Azure pointed to another host ({host[:200]}), which is refused", code="OtherHost")
        self.requests[kind_of(request.http_request.method, url)] += 1
        # aiohttp re-quotes a URL that is text; as an object it goes out to the letter, as signed ones must.
        request.http_request.url = cast(str, URL(url, encoded=True))

    @override
    def on_response(self, request: PipelineRequest[Any], response: PipelineResponse[Any, Any]) -> None:
        """Take the virtual time from the answer, when there is any."""
        if not self._loopback:
            return
        headers = response.http_response.headers
        path, now = headers.get("x-sim-clock", ""), headers.get("x-sim-now", "")
        if path.startswith("/") and not path.startswith("//") and now:
            self.virtual_clock_path = path
            self.observed_now = datetime.fromisoformat(now).astimezone(UTC)


class ConnectionLost(aiohttp.ClientConnectionError):
    """The connection broke before the answer came: nobody knows whether the request was worked on."""


async def send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A middleware for aiohttp, which by itself sends a GET, PUT or DELETE again when its connection breaks.

    A PUT that Azure had taken already would then hit the item that it had just made.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:  # never connected, and never sent again
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise ConnectionLost(str(error)) from error


def kind_of(method: str, url: str) -> str:
    """What a request is, such as `GET virtualMachines` or `POST backup`: the method and the last type or action."""
    segments = [unquote(each) for each in urlsplit(url).path.split("/") if each]
    lowered = [each.lower() for each in segments]
    if "providers" in lowered:
        start = len(lowered) - lowered[::-1].index("providers") + 1  # past the last provider's namespace
        segments = segments[start:] or segments[-1:]
    last = segments[(len(segments) - 1) // 2 * 2] if segments else ""
    return f"{method} {'resourceGroups' if last.lower() == 'resourcegroups' else last}"


class MadeUpToken(SansIOHTTPPolicy[Any, Any]):
    """A token that nobody issued, for an endpoint on this machine: ARM's shape wants one, and no login is asked."""

    @override
    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Set the header; never a person's own token."""
        request.http_request.headers["Authorization"] = "Bearer made-up-for-a-local-endpoint"


class NoCredential:
    """Fills the place of a credential where none is needed; asking it for a token is an error."""

    async def get_token(self, *_scopes: str, **_kwargs: Any) -> Any:
        """Refuse."""
        raise LoginError("a token was asked for an endpoint that gets none")

    async def close(self) -> None:
        """Nothing is held."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        return None


def policies_for(watch: Watch, endpoint: str, credential: AsyncTokenCredential) -> list[Any]:
    """A client's whole pipeline, in order. Policies that hold their successor cannot be shared, so they are new."""
    authentication = (
        MadeUpToken() if is_loopback(endpoint) else AsyncARMChallengeAuthenticationPolicy(credential, _SCOPE)
    )
    return [
        RequestIdPolicy(),
        HeadersPolicy(),
        UserAgentPolicy(user_agent="backstop"),
        ContentDecodePolicy(),
        authentication,
        CustomHookPolicy(),
        watch,
    ]

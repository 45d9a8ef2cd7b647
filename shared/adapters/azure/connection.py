"""One connection to one ARM endpoint: login, HTTP session and pipeline, shared by every client of Azure's SDK.

Nothing here sleeps or tries again: a request is sent once, with 10 s to connect and 60 s of silence at most. A login
is asked for only when the first request goes to Azure itself; an endpoint on this machine gets a made-up token.
"""

import os
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar, cast

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.transport import AioHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.mgmt.core import AsyncARMPipelineClient
from azure.mgmt.resource.subscriptions.aio import SubscriptionClient

from shared.adapters.azure.arm_errors import clean, translated
from shared.adapters.azure.login import azure_login
from shared.adapters.azure.pipeline import NoCredential, Watch, policies_for, send_once
from shared.adapters.azure.wire import Wire, required_text, text_at
from shared.domain.azure_answers import Subscription
from shared.endpoint import PUBLIC_ARM, is_loopback, normalise_endpoint, same_origin
from shared.errors import BackstopError, EndpointError, LoginError, PermanentError, RetryLaterError

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 60

Client = TypeVar("Client")


class Connection:
    """Use as an async context manager. `endpoint` is checked at once (SettingsError), the network at first use.

    `requests` counts what was sent, by kind such as `GET virtualMachines`. `virtual_clock_path` and `observed_now`
    are set once a simulator has answered.
    """

    def __init__(self, endpoint: str = PUBLIC_ARM, credential: AsyncTokenCredential | None = None) -> None:
        self.endpoint = normalise_endpoint(endpoint)
        self._given = credential
        self._credential: AsyncTokenCredential | None = None
        self._session: aiohttp.ClientSession | None = None
        self._watch = Watch(self.endpoint)
        self._clients: dict[tuple[object, str], Any] = {}
        self._subscriptions: tuple[Subscription, ...] | None = None

    async def __aenter__(self) -> Self:
        loopback = is_loopback(self.endpoint)
        bundle = os.environ.get("REQUESTS_CA_BUNDLE", "")  # SSL_CERT_FILE is OpenSSL's own
        # A request to this machine must not go through a proxy that the environment names.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=_tls_context(bundle)) if bundle else None,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not loopback,
            auto_decompress=False,  # the SDK's transport does it
            middlewares=(send_once,),
        )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._clients.clear()
        if self._session is not None:
            await self._session.close()
        if self._credential is not None and self._credential is not self._given:
            await self._credential.close()
        self._session = self._credential = None

    @property
    def requests(self) -> Counter[str]:
        """What was sent so far, by kind."""
        return self._watch.requests

    @property
    def virtual_clock_path(self) -> str | None:
        """The path of a simulator's clock, once it has answered; None with Azure."""
        return self._watch.virtual_clock_path

    @property
    def observed_now(self) -> datetime | None:
        """A simulator's time as of its latest answer; None with Azure."""
        return self._watch.observed_now

    @observed_now.setter
    def observed_now(self, moment: datetime | None) -> None:
        self._watch.observed_now = moment

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, for what is not ARM (a simulator's clock). It adds no token of its own."""
        if self._session is None:
            raise RuntimeError("the connection is not open: use it as an async context manager")
        return self._session

    def client(self, kind: Callable[..., Client], subscription_id: str = "") -> Client:
        """The async `azure-mgmt-*` client of this class for a subscription (or for none), made once."""
        key = (kind, subscription_id.lower())
        if key not in self._clients:
            arguments = {"subscription_id": subscription_id} if subscription_id else {}
            self._clients[key] = kind(
                credential=self._login(), base_url=self.endpoint, **arguments, **self._pipeline_arguments()
            )
        return cast(Client, self._clients[key])

    async def send(self, request: HttpRequest) -> AsyncHttpResponse:
        """Send a raw request with an absolute URL, which is followed to the letter; the body is read whole.

        PermanentError for a URL of another host: what an answer names is never trusted that far.
        """
        if not same_origin(request.url, self.endpoint):
            raise PermanentError("the URL leads to another host than the endpoint's: refused", code="OtherHost")
        key = (AsyncARMPipelineClient, "")
        if key not in self._clients:
            self._clients[key] = AsyncARMPipelineClient(base_url=self.endpoint, **self._pipeline_arguments())
        response: AsyncHttpResponse = await self._clients[key].send_request(request)
        if response.status_code >= 300:
            raise HttpResponseError(response=response)
        return response

    async def bearer(self, scope: str) -> str:
        """A token for something that is not ARM, such as the directory; empty for an endpoint on this machine."""
        if is_loopback(self.endpoint):
            return ""
        return (await self._login().get_token(scope)).token

    async def first_contact(self) -> tuple[Subscription, ...]:
        """The subscriptions that the login can read, asked for once.

        EndpointError where nothing answers or what answers is not ARM; LoginError without a usable login.
        """
        if self._subscriptions is None:
            try:
                with translated(connection_wide=True):
                    pages = self.client(SubscriptionClient).subscriptions.list(raw_response_hook=require_list)
                    self._subscriptions = tuple([_subscription(each) async for each in pages])
            except LoginError:
                raise
            except RetryLaterError as error:
                if error.code and not error.code.startswith(("HTTP ", "NoAnswer", "UnreadableAnswer")):
                    raise  # ARM itself, in ARM's own shape: busy or throttling
                raise self._unusable(error) from error
            except PermanentError as error:
                raise self._unusable(error) from error
        return self._subscriptions

    def _unusable(self, error: BackstopError) -> EndpointError:
        return EndpointError(
            f"no ARM endpoint answers at {self.endpoint}: {clean(error.message)}",
            code=error.code,
            remedy=f"Check that {self.endpoint} is right and can be reached.",
        )

    def _pipeline_arguments(self) -> dict[str, Any]:
        transport = AioHttpTransport(
            session=self.session,
            session_owner=False,
            connection_timeout=_CONNECT_SECONDS,
            read_timeout=_SILENCE_SECONDS,
        )
        return {"transport": transport, "policies": policies_for(self._watch, self.endpoint, self._login())}

    def _login(self) -> AsyncTokenCredential:
        if self._credential is None:
            self._credential = self._make_login()
        return self._credential

    def _make_login(self) -> AsyncTokenCredential:
        if is_loopback(self.endpoint):
            return NoCredential()
        if self._given is not None:
            return self._given
        return azure_login()


def _tls_context(bundle: str) -> ssl.SSLContext:
    is_directory = Path(bundle).is_dir()
    return ssl.create_default_context(capath=bundle if is_directory else None, cafile=None if is_directory else bundle)


def require_list(response: PipelineResponse[Any, Any]) -> None:
    """A `raw_response_hook` for lists: the SDK reads an answer without `value` as an empty list, which it is not."""
    if response.http_response.status_code != 200:
        return
    body = response.http_response.json()
    if not isinstance(body, dict) or not isinstance(body.get("value"), list):
        raise ValueError("a list was asked for, and the answer has no `value`")


def _subscription(node: Wire) -> Subscription:
    return Subscription(
        id=required_text(node, "subscriptionId").lower(),
        name=text_at(node, "displayName"),
        tenant_id=text_at(node, "tenantId"),
    )

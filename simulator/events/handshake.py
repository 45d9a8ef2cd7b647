"""The handshake: a receiver shows that it wants these events before it gets any (documentation of endpoint validation).

Event Grid's schema: a validation event, answered at once with its code or later by a GET of its address. CloudEvents:
an OPTIONS request, answered at once by allowing the origin or later through the callback. Keeps no state.
"""

import random
from datetime import datetime
from typing import Literal

import aiohttp

from simulator.core.wire import Json, stamp
from simulator.estate.catalog import uid
from simulator.events.sender import Sender
from simulator.events.subscription import Config, EventSubscription

ORIGIN, RATE = "eventgrid.azure.net", "120"
#: Virtual seconds for which the address of the validation event can be used.
MANUAL_SECONDS = 600
#: Real seconds that a receiver has to answer.
PATIENCE = aiohttp.ClientTimeout(total=30)

Verdict = Literal["passed", "later", "failed"]


async def shake(
    sender: Sender, rng: random.Random, target: EventSubscription, config: Config, address: str, now: datetime
) -> Verdict:
    """Ask the receiver. `later`: it took the question and gave no answer, so it may still use `address`."""
    try:
        if config.schema == "EventGridSchema":
            return await _ask(sender, target, config, validation_event(rng, target, address, now))
        return await _ask_for_origin(sender, config, address)
    except (aiohttp.ClientError, TimeoutError):
        return "failed"


def validation_event(rng: random.Random, target: EventSubscription, address: str, now: datetime) -> Json:
    """The event that a receiver must answer with `{"validationResponse": <its validationCode>}`."""
    return {
        "id": uid(rng),
        "topic": target.scope,
        "subject": "",
        "data": {"validationCode": uid(rng).upper(), "validationUrl": address},
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "eventTime": stamp(now),
        "metadataVersion": "1",
        "dataVersion": "2",
    }


async def _ask(sender: Sender, target: EventSubscription, config: Config, event: Json) -> Verdict:
    headers = {"aeg-event-type": "SubscriptionValidation", "aeg-subscription-name": target.name.upper()}
    async with sender.open_client().post(
        config.url, json=[event], headers=headers, timeout=PATIENCE, allow_redirects=False
    ) as answer:
        if not 200 <= answer.status < 300:
            return "failed"
        try:
            read = await answer.json(content_type=None)
        except ValueError:
            return "later"
    if not isinstance(read, dict) or "validationResponse" not in read:
        return "later"
    return "passed" if read["validationResponse"] == event["data"]["validationCode"] else "failed"


async def _ask_for_origin(sender: Sender, config: Config, address: str) -> Verdict:
    """HTTP 1.1 Web Hooks for Event Delivery, section 4. The rate that the receiver allows is not enforced."""
    headers = {"WebHook-Request-Origin": ORIGIN, "WebHook-Request-Rate": RATE, "WebHook-Request-Callback": address}
    async with sender.open_client().options(
        config.url, headers=headers, timeout=PATIENCE, allow_redirects=False
    ) as answer:
        if not 200 <= answer.status < 300:
            return "failed"
        allowed = answer.headers.get("WebHook-Allowed-Origin")
    if allowed is None:
        return "later"
    return "passed" if allowed.strip().lower() in ("*", ORIGIN) else "failed"

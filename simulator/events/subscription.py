"""An event subscription: what was asked for, checked, and how it is shown. Knows no delivery and no handshake.

Refuses by a named error what is not simulated (other destinations, managed identities) instead of accepting it and
delivering nothing.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from simulator.core.wire import AzureError, Json
from simulator.events import filters

if TYPE_CHECKING:
    from simulator.events.delivery import Delivery

SCHEMAS = ("EventGridSchema", "CloudEventSchemaV1_0")
MAX_ATTEMPTS, MAX_TTL_MINUTES, MAX_BATCH, MAX_BATCH_KB, MAX_HEADERS = 30, 1440, 5000, 1024, 10
State = Literal["Creating", "Updating", "Succeeded", "Failed", "AwaitingManualAction"]
#: How many attempts `/_sim/events` shows of each event subscription.
RECENT = 50


@dataclass(frozen=True)
class Config:
    """What an event subscription asks for; `given` is the body's `properties` that it was made from."""

    given: Json
    url: str
    schema: str
    rules: Json
    max_attempts: int
    ttl_minutes: int
    batch: int
    batch_kb: int
    headers: tuple[Json, ...]
    dead_letter: Json | None
    expires: datetime | None


@dataclass
class EventSubscription:
    """`asked` is what was asked for last, `live` what has passed the handshake and is delivered to."""

    id: str
    name: str
    type: str
    topic: str
    scope: str
    asked: Config
    live: Config | None = None
    state: State = "Creating"
    gone: bool = False
    #: The handshake under way: its token and when it ends.
    token: str | None = None
    counts: Counter[str] = field(default_factory=Counter)
    pending: "dict[int, Delivery]" = field(default_factory=dict)
    recent: deque[Json] = field(default_factory=lambda: deque(maxlen=RECENT))


def _refused(message: str) -> AzureError:
    return AzureError(400, "InvalidRequest", message)


def _object(given: Json, name: str) -> Json:
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise _refused(f"{name} must be an object.")
    return value or {}


def _whole(given: Json, name: str, default: int, high: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= high:
        raise _refused(f"{name} must be a whole number from 1 to {high}.")
    return value


def read(given: Json) -> Config:
    """The `properties` of an event subscription. Raises AzureError 400 on what Azure or this simulator refuses."""
    for name in ("deliveryWithResourceIdentity", "deadLetterWithResourceIdentity"):
        if given.get(name):
            raise AzureError(400, "UnsupportedBySimulator", f"{name} is not simulated.")
    destination = _object(given, "destination")
    if destination.get("endpointType") != "WebHook":
        kind = destination.get("endpointType")
        raise AzureError(400, "UnsupportedBySimulator", f"The destination '{kind}' is not simulated, only WebHook is.")
    hook = _object(destination, "properties")
    url = hook.get("endpointUrl")
    if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise _refused("destination.properties.endpointUrl must be the address of a webhook.")
    schema = given.get("eventDeliverySchema") or SCHEMAS[0]
    if schema not in SCHEMAS:
        raise _refused(f"The event delivery schema '{schema}' is not supported.")
    rules = _object(given, "filter")
    filters.check(rules)
    retry = _object(given, "retryPolicy")
    return Config(
        given=given,
        url=url,
        schema=schema,
        rules=rules,
        max_attempts=_whole(retry, "maxDeliveryAttempts", MAX_ATTEMPTS, MAX_ATTEMPTS),
        ttl_minutes=_whole(retry, "eventTimeToLiveInMinutes", MAX_TTL_MINUTES, MAX_TTL_MINUTES),
        batch=_whole(hook, "maxEventsPerBatch", 1, MAX_BATCH),
        batch_kb=_whole(hook, "preferredBatchSizeInKilobytes", 64, MAX_BATCH_KB),
        headers=_headers(hook),
        dead_letter=_dead_letter(given),
        expires=_expires(given),
    )


def _headers(hook: Json) -> tuple[Json, ...]:
    """`deliveryAttributeMappings`: at most ten, `Static` with a value or `Dynamic` with a field of the event."""
    given = hook.get("deliveryAttributeMappings") or []
    if not isinstance(given, list) or len(given) > MAX_HEADERS:
        raise _refused(f"deliveryAttributeMappings must be a list of at most {MAX_HEADERS}.")
    for each in given:
        inner = each.get("properties") if isinstance(each, dict) else None
        kind = {"Static": "value", "Dynamic": "sourceField"}.get(str(each.get("type"))) if inner else None
        name = str(each.get("name") or "") if kind else ""
        if not kind or not name.replace("-", "").isalnum() or name.lower().startswith("aeg-"):
            raise _refused(f"The delivery attribute mapping {each} is not valid.")
        value = (inner or {}).get(kind)
        if not isinstance(value, str) or not value or not value.isprintable():
            raise _refused(f"The delivery attribute mapping '{name}' needs {kind}.")
    return tuple(given)


def _dead_letter(given: Json) -> Json | None:
    target = _object(given, "deadLetterDestination")
    if not target:
        return None
    inner = _object(target, "properties")
    named = (inner.get("resourceId"), inner.get("blobContainerName"))
    if target.get("endpointType") != "StorageBlob" or not all(isinstance(n, str) and n for n in named):
        raise _refused("deadLetterDestination must be a StorageBlob with resourceId and blobContainerName.")
    return inner


def _expires(given: Json) -> datetime | None:
    text = given.get("expirationTimeUtc")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        raise _refused(f"expirationTimeUtc '{text}' is no ISO-8601 moment.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def body(target: EventSubscription) -> Json:
    """As Azure shows it: the webhook's full address, which may hold a key, and secret headers are not given back."""
    asked, given = target.asked, target.asked.given
    hook: Json = {
        "endpointBaseUrl": asked.url.split("?", 1)[0],
        "maxEventsPerBatch": asked.batch,
        "preferredBatchSizeInKilobytes": asked.batch_kb,
    }
    if asked.headers:
        hook["deliveryAttributeMappings"] = [shown_header(each) for each in asked.headers]
    properties: Json = {
        "topic": target.topic,
        "provisioningState": target.state,
        "labels": given.get("labels"),
        "destination": {"endpointType": "WebHook", "properties": hook},
        "filter": {"subjectBeginsWith": "", "subjectEndsWith": ""} | asked.rules,
        "eventDeliverySchema": asked.schema,
        "retryPolicy": {
            "maxDeliveryAttempts": asked.max_attempts,
            "eventTimeToLiveInMinutes": asked.ttl_minutes,
        },
    }
    for name in ("deadLetterDestination", "expirationTimeUtc"):
        if given.get(name):
            properties[name] = given[name]
    return {"id": target.id, "name": target.name, "type": target.type, "properties": properties}


def shown_header(mapping: Json) -> Json:
    """A delivery attribute mapping; a secret value reads `Hidden`."""
    inner: dict[str, Any] = dict(mapping["properties"])
    if inner.get("isSecret"):
        inner["value"] = "Hidden"
    return {"name": mapping["name"], "type": mapping["type"], "properties": inner}

"""`Microsoft.EventGrid/systemTopics`: create, change, read, list, delete. One per source, as in Azure."""

from simulator.core.routing import Call, Route
from simulator.core.wire import Answer, AzureError, page
from simulator.events import topic as topics
from simulator.events.operations import accepted
from simulator.events.topic import SystemTopic
from simulator.resources.subscriptions import find_group, find_subscription, not_found

GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
TOPICS = "/providers/Microsoft.EventGrid/systemTopics"
TOPIC = f"{GROUP}{TOPICS}/{{topic}}"
PAGE = 100


def find_topic(call: Call) -> SystemTopic:
    """The system topic in the path. Raises AzureError 404 as Azure words it."""
    group, name = find_group(call), call.params["topic"]
    found = call.world.hub.topics.get(f"{group.id}{TOPICS}/{name}".lower())
    if found is None:
        raise not_found(f"Microsoft.EventGrid/systemTopics/{name}", group.name)
    return found


def put_topic(call: Call) -> Answer:
    """Create (201) or change the tags (200). A source has one topic, and a topic keeps its source."""
    hub, group, name = call.world.hub, find_group(call), call.params["topic"]
    source, kind = topics.read(call.body, call.properties, name, group.subscription)
    key = f"{group.id}{TOPICS}/{name}".lower()
    existing = hub.topics.get(key)
    if existing is not None:
        if (existing.source.lower(), existing.type) != (source.lower(), kind):
            raise AzureError(400, "InvalidRequest", "System topic source cannot be modified.")
        existing.tags = dict(call.body.get("tags") or {})
        return Answer(200, existing.to_json())
    if any(each.source.lower() == source.lower() for each in hub.topics.values()):
        message = (
            f"There is an existing tracked system topic for the given source {source}. "
            "Only one system topic is allowed per source."
        )
        raise AzureError(400, "InvalidRequest", message)
    made = SystemTopic(
        id=f"{group.id}{TOPICS}/{name}",
        name=name,
        subscription=group.subscription,
        group=group.name,
        source=source,
        type=kind,
        metric=call.world.state.new_id(),
        tags=dict(call.body.get("tags") or {}),
    )
    hub.topics[key] = made
    return Answer(201, made.to_json())


def patch_topic(call: Call) -> Answer:
    """Tags; all at once."""
    found = find_topic(call)
    if "tags" in call.body:
        found.tags = dict(call.body["tags"] or {})
    return Answer(200, found.to_json())


def get_topic(call: Call) -> Answer:
    """One system topic."""
    return Answer(200, find_topic(call).to_json())


def list_topics(call: Call) -> Answer:
    """Those of a subscription or of one resource group."""
    subscription = find_subscription(call).id
    group = find_group(call).name.lower() if "group" in call.params else None
    found = [
        each.to_json()
        for each in call.world.hub.topics.values()
        if each.subscription == subscription and group in (None, each.group.lower())
    ]
    return Answer(200, page(found, call.query, call.url, PAGE))


def delete_topic(call: Call) -> Answer:
    """202, or 204 where there is none. Its event subscriptions go with it."""
    hub, group = call.world.hub, find_group(call)
    found = hub.topics.pop(f"{group.id}{TOPICS}/{call.params['topic']}".lower(), None)
    if found is None:
        return Answer(204)
    for target in [each for each in hub.subscriptions.values() if each.topic.lower() == found.id.lower()]:
        hub.remove(target)
    return accepted(call)


ROUTES: list[Route] = [
    ("GET", f"/subscriptions/{{subscription}}{TOPICS}", list_topics),
    ("GET", f"{GROUP}{TOPICS}", list_topics),
    ("GET", TOPIC, get_topic),
    ("PUT", TOPIC, put_topic),
    ("PATCH", TOPIC, patch_topic),
    ("DELETE", TOPIC, delete_topic),
]

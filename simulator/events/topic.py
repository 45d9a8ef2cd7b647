"""A system topic: the events of one subscription or resource group as a resource of its own.

Refuses the other topic types by a named error: nothing here happens that they would tell.
"""

import re
from dataclasses import dataclass, field

from simulator.core.wire import AzureError, Json

TYPES = {
    "microsoft.resources.subscriptions": "Microsoft.Resources.Subscriptions",
    "microsoft.resources.resourcegroups": "Microsoft.Resources.ResourceGroups",
}
#: Topics of these types belong to no region (documentation of system topics).
LOCATION = "global"
NAME = re.compile(r"[A-Za-z0-9-]{3,128}")


@dataclass
class SystemTopic:
    """`source` as given; compared without case."""

    id: str
    name: str
    subscription: str
    group: str
    source: str
    type: str
    metric: str
    tags: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.EventGrid/systemTopics",
            "location": LOCATION,
            "tags": self.tags or None,
            "properties": {
                "provisioningState": "Succeeded",
                "source": self.source,
                "topicType": self.type,
                "metricResourceId": self.metric,
            },
        }


def read(body: Json, properties: Json, name: str, subscription: str) -> tuple[str, str]:
    """Source and topic type of a new topic. Raises AzureError 400 on what Azure or this simulator refuses."""
    if not NAME.fullmatch(name):
        raise AzureError(400, "InvalidRequest", f"The system topic name '{name}' is not valid.")
    if not body.get("location"):
        raise AzureError(400, "LocationRequired", "The location property is required for this definition.")
    given, source = str(properties.get("topicType") or ""), properties.get("source")
    kind = TYPES.get(given.lower())
    if kind is None:
        raise AzureError(400, "UnsupportedBySimulator", f"System topics of type '{given}' are not simulated.")
    if str(body["location"]).lower() != LOCATION:
        raise AzureError(400, "InvalidRequest", f"Topics of type {kind} must have the location '{LOCATION}'.")
    place = f"/subscriptions/{subscription}"
    pattern = re.escape(place) + (r"/resourceGroups/[^/]+" if kind.endswith("ResourceGroups") else "")
    if not isinstance(source, str) or not re.fullmatch(pattern, source, re.IGNORECASE):
        raise AzureError(400, "InvalidRequest", f"The source '{source}' does not fit the topic type {kind}.")
    return source, kind

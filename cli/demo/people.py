"""What the people of the estate do in the demo: send events to the webhook, create VMs, opt one out by tag."""

from dataclasses import dataclass
from typing import Any

from cli.demo.local_azure import LocalAzure
from shared.errors import EndpointError


@dataclass(frozen=True, slots=True)
class Arrival:
    """A VM that somebody creates; `then_tags` are the tags that its owner puts on it some minutes later."""

    vm_id: str
    path: str
    body: dict[str, Any]
    kind: str
    expect: str  # what must become of it: `protect`, `untouched` or `report`
    then_tags: dict[str, str] | None


async def subscribe(azure: LocalAzure, webhook: str) -> int:
    """An event subscription in each subscription, every other one with CloudEvents; returns how many."""
    subscriptions = await azure.all_pages("/subscriptions")
    for number, each in enumerate(subscriptions):
        path = f"/subscriptions/{each['subscriptionId']}/providers/Microsoft.EventGrid/eventSubscriptions/backstop"
        schema = "CloudEventSchemaV1_0" if number % 2 else "EventGridSchema"
        destination = {"endpointType": "WebHook", "properties": {"endpointUrl": webhook}}
        wanted = {"includedEventTypes": ["Microsoft.Resources.ResourceWriteSuccess"]}
        properties = {"destination": destination, "filter": wanted, "eventDeliverySchema": schema}
        await azure.people("PUT", path, {"properties": properties})
    made = (await azure.control("events"))["eventSubscriptions"]
    if not all(each["delivering"] for each in made):
        raise EndpointError(f"the webhook {webhook.partition('?')[0]} did not agree to get events")
    return len(subscriptions)


async def plan_arrivals(azure: LocalAzure, count: int, seed: int) -> list[Arrival]:
    """VMs that the simulator wants created; it knows what must become of each."""
    planned = await azure.control("arrivals", {"count": count, "seed": seed})
    return [
        Arrival(
            vm_id=each["vmId"],
            path=each["path"],
            body=each["body"],
            kind=each["label"]["kind"],
            expect=each["label"]["expect"],
            then_tags=each["thenTags"],
        )
        for each in planned
    ]


async def create(azure: LocalAzure, arrival: Arrival) -> None:
    """Somebody creates the VM; its events follow by themselves."""
    await azure.people("PUT", arrival.path, arrival.body)


async def opt_out(azure: LocalAzure, arrival: Arrival) -> None:
    """The owner puts the tags on the VM."""
    await azure.people("PATCH", arrival.path, {"tags": arrival.then_tags})


async def backup_jobs(azure: LocalAzure) -> list[dict[str, Any]]:
    """Every job of every vault, with the subscription it belongs to under `subscription`."""
    jobs: list[dict[str, Any]] = []
    for each in await azure.all_pages("/subscriptions"):
        subscription = each["subscriptionId"]
        vaults = await azure.all_pages(f"/subscriptions/{subscription}/providers/Microsoft.RecoveryServices/vaults")
        for vault in vaults:
            listed = await azure.all_pages(f"{vault['id']}/backupJobs")
            jobs += [{**job["properties"], "subscription": subscription} for job in listed]
    return jobs

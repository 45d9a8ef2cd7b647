"""What must exist before a recorded request: derived from the recording, and put into a simulator's world.

What an answer shows, and no earlier request of the recording made, was there before. It is put in just before the
first exchange that needs it, so that an earlier 404 stays one. What a recorded request made is never put in.
"""

import re
from collections.abc import Iterable
from typing import Any

from simulator.core.model import IAAS
from simulator.world import World
from tests.contract.recordings.evidence import ITEM, VAULT, Evidence
from tests.contract.recordings.furnishing import VM, Furniture
from tests.contract.recordings.past import Past
from tests.contract.recordings.recording import Exchange, Json, resources

_GROUP = re.compile(r"/subscriptions/([^/]+)(?:/resourcegroups/([^/]+))?", re.IGNORECASE)
_POLICY = re.compile(r".*/backupPolicies/([^/]+)$", re.IGNORECASE)


class Prerequisites:
    """Watches one recording go by and keeps one world furnished."""

    def __init__(self, world: World, exchanges: list[Exchange]) -> None:
        self.evidence = Evidence(exchanges)
        self.furniture = Furniture(world, self.evidence)
        self.past = Past(self.furniture)
        self.vaults = world.state.vaults

    def before(self, exchange: Exchange) -> None:
        """Put in what this exchange shows to be there already."""
        error = exchange.response.get("error") if isinstance(exchange.response, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        place = _GROUP.match(exchange.path)
        if place is None or code == "SubscriptionNotFound":
            return
        self.furniture.subscription(place[1])
        if place[2] and code != "ResourceGroupNotFound" and place.end() < len(exchange.path):
            self.furniture.group(place[1], place[2])
        if not exchange.accepted:
            return
        if not _of_what_exists(exchange):
            self.furniture.made.add(exchange.path.lower())
        self._in_path(exchange)
        for text in _texts(exchange.request):
            self._referred(text)
        for resource in resources(exchange.response):
            self._shown(resource, exchange)

    def after(self, exchange: Exchange) -> None:
        """Take down what this exchange made; a new vault deletes as softly as vaults did at the time."""
        self.furniture.refreshed |= exchange.path.endswith("/refreshContainers")
        if exchange.method == "PUT" and exchange.accepted:
            self.furniture.made.add(exchange.path.lower())
            vault = self.vaults.get(exchange.path.lower())
            if vault is not None:
                self.furniture.settle(vault)

    def _in_path(self, exchange: Exchange) -> None:
        path, existing = exchange.path, _of_what_exists(exchange)
        vault = VAULT.match(path)
        if vault and (vault.end() < len(path) or existing):
            self.furniture.vault(vault[1])
        elif existing and VM.fullmatch(path):
            self.furniture.vm(path)
        policy, item = _POLICY.fullmatch(path), ITEM.match(path)
        if policy and exchange.method != "PUT" and vault:
            self.furniture.policy(vault[1], policy[1])
        if item and vault and (existing or item.end() < len(path)):
            self._item_in_path(vault[1], item, exchange)

    def _item_in_path(self, vault: str, path: re.Match[str], exchange: Exchange) -> None:
        """An item that is used without having been made or shown."""
        identity = path[0].lower()
        home = self.vaults.get(vault.lower())
        if (
            home is None
            or identity in self.furniture.made
            or not path["container"].lower().startswith("iaasvmcontainer;")
        ):
            return
        if f"{path['container']}/{path['item']}".lower() in home.items:
            return
        self.past.used_item(home, path[0], exchange)

    def _referred(self, text: str) -> None:
        """An id in a request that was accepted: of a VM, or of a policy."""
        if VM.fullmatch(text):
            self.furniture.vm(text)
        policy, vault = _POLICY.fullmatch(text), VAULT.match(text)
        if policy and vault:
            self.furniture.policy(vault[1], policy[1])

    def _shown(self, body: Json, exchange: Exchange) -> None:
        identity, kind = str(body.get("id", "")), str(body.get("type", "")).lower().rsplit("/", 1)[-1]
        if not identity.startswith("/") or identity.lower() in self.furniture.made:
            return
        given = body.get("properties")
        properties: Json = given if isinstance(given, dict) else {}
        vault, name = VAULT.match(identity), identity.rsplit("/", 1)[-1]
        if kind == "virtualmachines":
            self.furniture.vm(identity)
        elif kind == "resourcegroups" and (place := _GROUP.match(identity)) and place[2]:
            self.furniture.group(place[1], place[2], body)
        elif vault is None:
            return
        else:
            home = self.furniture.vault(vault[1])
            if home is None or properties.get("backupManagementType", IAAS) != IAAS:
                return
            if kind == "backuppolicies":
                self.furniture.policy(home.id, name)
            elif kind == "protecteditems":
                self.past.item(home, identity, properties)
            elif kind == "protectioncontainers":
                self.past.container(home, identity, exchange)
            elif kind == "protectableitems":
                self.furniture.vm(str(properties.get("virtualMachineId", "")), home.location, discovered=True)
            elif kind == "backupjobs":
                self.past.job(home, name, properties)


def _of_what_exists(exchange: Exchange) -> bool:
    """Whether a request is about something that was there before; a PUT is, where it stops, undeletes or updates."""
    if exchange.method != "PUT" or exchange.status == 200:
        return True
    properties = exchange.request.get("properties") if isinstance(exchange.request, dict) else None
    change = isinstance(properties, dict) and (not properties.get("policyId") or properties.get("isRehydrate"))
    return bool(ITEM.fullmatch(exchange.path) and change)


def _texts(body: Any) -> Iterable[str]:
    if isinstance(body, dict):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, list):
        for value in body:
            yield from _texts(value)
    elif isinstance(body, str):
        yield body

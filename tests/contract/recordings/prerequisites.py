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
from tests.contract.recordings.recording import Exchange, Json, resources

_GROUP = re.compile(r"/subscriptions/([^/]+)(?:/resourcegroups/([^/]+))?", re.IGNORECASE)
_POLICY = re.compile(r".*/backupPolicies/([^/]+)$", re.IGNORECASE)


class Prerequisites:
    """Watches one recording go by and keeps one world furnished."""

    def __init__(self, world: World, exchanges: list[Exchange]) -> None:
        self.evidence = Evidence(exchanges)
        self.furniture = Furniture(world, self.evidence)
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
        if exchange.method == "PUT" and exchange.status != 200:
            self.furniture.made.add(exchange.path.lower())
        self._in_path(exchange)
        for text in _texts(exchange.request):
            self._referred(text)
        for resource in resources(exchange.response):
            self._shown(resource)

    def after(self, exchange: Exchange) -> None:
        """Take down what this exchange made; a new vault deletes as softly as vaults did at the time."""
        if exchange.method == "PUT" and exchange.accepted:
            self.furniture.made.add(exchange.path.lower())
            vault = self.vaults.get(exchange.path.lower())
            if vault is not None:
                self.furniture.settle(vault)

    def _in_path(self, exchange: Exchange) -> None:
        path, existing = exchange.path, exchange.method != "PUT" or exchange.status == 200
        vault = VAULT.match(path)
        if vault and (vault.end() < len(path) or existing):
            self.furniture.vault(vault[1])
        elif existing and VM.fullmatch(path):
            self.furniture.vm(path)
        policy, item = _POLICY.fullmatch(path), ITEM.match(path)
        if policy and exchange.method != "PUT" and vault:
            self.furniture.policy(vault[1], policy[1])
        if item and vault and (existing or item.end() < len(path)):
            self._item_in_path(vault[1], item)

    def _item_in_path(self, vault: str, path: re.Match[str]) -> None:
        """An item that is used without having been made: known from a body, or else by its name alone."""
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
        body = self.evidence.body("protectedItems", identity)
        if body is not None:
            self._shown(body)

    def _referred(self, text: str) -> None:
        """An id in a request that was accepted: of a VM, or of a policy."""
        if VM.fullmatch(text):
            self.furniture.vm(text)
        policy, vault = _POLICY.fullmatch(text), VAULT.match(text)
        if policy and vault:
            self.furniture.policy(vault[1], policy[1])

    def _shown(self, body: Json) -> None:
        identity, kind = str(body.get("id", "")), str(body.get("type", "")).lower().rsplit("/", 1)[-1]
        if not identity.startswith("/") or identity.lower() in self.furniture.made:
            return
        properties = body.get("properties") if isinstance(body.get("properties"), dict) else {}
        assert isinstance(properties, dict)
        vault = VAULT.match(identity)
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
                self.furniture.policy(home.id, str(body["name"]))
            elif kind == "protecteditems":
                self.furniture.item(home, identity, properties)
            elif kind == "protectableitems":
                self.furniture.vm(str(properties.get("virtualMachineId", "")), home.location, discovered=True)
            elif kind == "backupjobs":
                self.furniture.job(home, str(body["name"]), properties)


def _texts(body: Any) -> Iterable[str]:
    if isinstance(body, dict):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, list):
        for value in body:
            yield from _texts(value)
    elif isinstance(body, str):
        yield body

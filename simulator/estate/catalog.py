"""What machines look like: names, sizes, images, tags and the `properties` of a virtual machine.

Pure: every choice comes from the random generator it is given.
"""

import random
import uuid
from datetime import datetime

from simulator.core.wire import Json, stamp

REGIONS = ("westeurope", "northeurope", "eastus")
#: Where no subscription keeps a vault.
BARE_REGION = "swedencentral"

APPS = (
    "billing", "checkout", "crm", "datahub", "erp", "fleet", "hr", "identity", "inventory", "invoicing",
    "ledger", "logistics", "mail", "monitoring", "orders", "payroll", "portal", "pricing", "reporting", "search",
    "shipping", "telemetry", "ticketing", "warehouse",
)  # fmt: skip
ROLES = ("web", "app", "api", "sql", "cache", "batch", "jump", "build", "file", "dc")
ENVIRONMENTS = ("dev", "test", "qa", "staging")
OWNERS = ("a.keller", "b.osei", "c.lindqvist", "d.moreau", "platform", "data-team", "web-team", "finance-it")

SIZES = ("Standard_D2s_v5", "Standard_D4s_v5", "Standard_D8s_v5", "Standard_B2ms", "Standard_E4s_v5", "Standard_F4s_v2")

#: publisher, offer, sku, osType
IMAGES = (
    ("MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition", "Windows"),
    ("MicrosoftWindowsServer", "WindowsServer", "2019-datacenter-gensecond", "Windows"),
    ("Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", "Linux"),
    ("Canonical", "ubuntu-24_04-lts", "server", "Linux"),
    ("RedHat", "RHEL", "9-lvm-gen2", "Linux"),
    ("Debian", "debian-12", "12-gen2", "Linux"),
)
DATABRICKS_IMAGE = ("AzureDatabricks", "Databricks", "databricks-worker", "Linux")
AKS_IMAGE = ("microsoft-aks", "aks", "aks-ubuntu-2204-gen2", "Linux")

Image = tuple[str, str, str, str]


def uid(rng: random.Random) -> str:
    """A uuid of this generator's."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def platform_image(image: Image) -> Json:
    """An image of the marketplace's."""
    publisher, offer, sku, _ = image
    return {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest", "exactVersion": "1.0.20260805"}


def gallery_image(subscription: str, name: str) -> Json:
    """An image of one's own: no publisher at all, so an allow-list of publishers never sees it."""
    gallery = f"/subscriptions/{subscription}/resourceGroups/rg-images/providers/Microsoft.Compute/galleries/corp"
    return {"id": f"{gallery}/images/{name}/versions/2026.8.1", "exactVersion": "2026.8.1"}


def vm_properties(
    rng: random.Random,
    vm_id: str,
    *,
    image: Json,
    os_type: str,
    created: datetime,
    ephemeral: bool = False,
    state: str = "Succeeded",
) -> Json:
    """`properties` of a virtual machine as ARM returns them."""
    group, name = vm_id.split("/")[4], vm_id.rsplit("/", 1)[1]
    base = vm_id.partition("/providers/")[0] + "/providers"
    os_disk: Json = {
        "osType": os_type,
        "name": f"{name}_OsDisk_1",
        "createOption": "FromImage",
        "caching": "ReadOnly" if ephemeral else "ReadWrite",
        "managedDisk": {
            "storageAccountType": "Standard_LRS" if ephemeral else "Premium_LRS",
            "id": f"{base.replace(group, group.upper())}/Microsoft.Compute/disks/{name}_OsDisk_1",
        },
        "deleteOption": "Delete",
        "diskSizeGB": 127 if os_type == "Windows" else 30,
    }
    if ephemeral:
        os_disk["diffDiskSettings"] = {"option": "Local", "placement": "CacheDisk"}
    disks = [
        {
            "lun": lun,
            "name": f"{name}_data{lun}",
            "createOption": "Attach",
            "caching": "None",
            "managedDisk": {
                "storageAccountType": "Premium_LRS",
                "id": f"{base}/Microsoft.Compute/disks/{name}_data{lun}",
            },
            "diskSizeGB": rng.choice((64, 128, 512, 1024)),
            "toBeDetached": False,
        }
        for lun in range(0 if ephemeral else rng.choice((0, 0, 1, 1, 2)))
    ]
    guest = "windowsConfiguration" if os_type == "Windows" else "linuxConfiguration"
    return {
        "hardwareProfile": {"vmSize": rng.choice(SIZES)},
        "provisioningState": state,
        "vmId": uid(rng),
        "storageProfile": {"imageReference": image, "osDisk": os_disk, "dataDisks": disks},
        "osProfile": {
            "computerName": name[:15],
            "adminUsername": "azureadmin",
            guest: {"provisionVMAgent": True},
            "secrets": [],
            "allowExtensionOperations": True,
            "requireGuestProvisionSignal": True,
        },
        "networkProfile": {"networkInterfaces": [{"id": f"{base}/Microsoft.Network/networkInterfaces/{name}-nic"}]},
        "timeCreated": stamp(created),
    }

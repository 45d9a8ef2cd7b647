"""Imported for what it imports: the modules that a command line reads, our own and those of Azure's SDK."""

import pkgutil
from importlib import import_module

for room in ("cli.commands", "cli.output", "shared.adapters.azure", "shared.adapters.local"):
    for module in pkgutil.iter_modules(import_module(room).__path__, f"{room}."):
        import_module(module.name)
for client in ("compute", "recoveryservices", "recoveryservicesbackup", "resource.resources", "resourcegraph"):
    import_module(f"azure.mgmt.{client}.aio")

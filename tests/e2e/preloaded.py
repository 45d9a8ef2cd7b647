"""Imported for what it imports: the modules that a command line and a simulator read, ours and those of Azure's SDK."""

import pkgutil
from importlib import import_module

import simulator.server  # noqa: F401  # which reads the rest of it

for room in ("cli.commands", "cli.output", "shared.adapters.azure", "shared.adapters.local"):
    for module in pkgutil.iter_modules(import_module(room).__path__, f"{room}."):
        import_module(module.name)
for client in ("compute", "recoveryservices", "recoveryservicesbackup", "resource.resources", "resourcegraph"):
    import_module(f"azure.mgmt.{client}.aio")

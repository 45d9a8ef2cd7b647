"""What goes wrong with the backup of a VM, code by code; `shared/domain/troubleshooting.py` looks codes up."""

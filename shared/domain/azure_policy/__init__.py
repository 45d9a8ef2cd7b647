"""Azure Policy's assignments of VM backup, read and turned into an enforcement policy. Pure."""

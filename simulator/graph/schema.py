"""The tables and columns of Resource Graph that the simulator holds. Names only: no rows, no queries.

Table names are found without case, column names with it, as in Azure (documentation of the query language, 2023).
"""

#: Where a query that names no table looks (documentation of the query language, 2023).
DEFAULT_TABLE = "resources"
#: Tables that may be joined with each other as often as joins are allowed at all.
HOME_TABLES = ("resources", "resourcecontainers")
#: The last is there and always empty: the simulator holds no host pools.
TABLES = (*HOME_TABLES, "recoveryservicesresources", "policyresources", "desktopvirtualizationresources")

TEXT = ("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy")
DYNAMIC = ("sku", "plan", "tags", "identity", "zones", "extendedLocation", "properties")
COLUMNS = TEXT + DYNAMIC

"""`docs/simulator-operations.md`: every operation that the simulator serves, told from its routes and the documents.

`python -m tests.contract.spec.page` writes it anew; a test holds it to what the routes say.
"""

from collections.abc import Iterator
from pathlib import Path

from tests.contract.spec.contract import operation_of, served
from tests.contract.spec.differences import UNPUBLISHED

VAULTS = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.RecoveryServices/vaults/{vault}"
PAGE = Path(__file__).parents[3] / "docs" / "simulator-operations.md"
HEAD = """# What the simulator answers

Every operation that the simulator serves, as its routes have it. This page is written by
`python -m tests.contract.spec.page` and held to the routes by a test.

*Operation* is the name in Azure's OpenAPI files (2021), or the Python SDK's where those files have none. *Contract* is
the newest api-version that describes it; any api-version of 2014 to 2027 is taken, and answered the same. Each answer
is validated in `tests/contract/spec/` against both documents, in every state that its resources can be in, and each of
Azure's own request examples is sent. Where an answer differs stands, with the reason, in
`tests/contract/spec/differences.py`.

Long paths begin with a letter here: S for `/subscriptions/{subscription}`, G for `S/resourceGroups/{group}`, V for
`G/providers/Microsoft.RecoveryServices/vaults/{vault}`, and I for
`V/backupFabrics/{fabric}/protectionContainers/{container}/protectedItems/{item}`.

Paths match without case. What is not here is refused as Azure refuses it: 404 `InvalidResourceNamespace` or
`InvalidResourceType`, 405 `MethodNotAllowed`; a request without a bearer token 401 `AuthenticationFailed`; an
api-version that is none 400 `MissingApiVersionParameter`, `InvalidApiVersionParameter` or `NoRegisteredProviderFound`.
A request that is no HTTP is answered with 400 in plain text.
"""
#: What begins a long path, longest first.
SHORT = (
    ("I", f"{VAULTS}/backupFabrics/{{fabric}}/protectionContainers/{{container}}/protectedItems/{{item}}"),
    ("V", VAULTS),
    ("G", "/subscriptions/{subscription}/resourceGroups/{group}"),
    ("S", "/subscriptions/{subscription}"),
)
#: Title of each part, and the area of its operations or a word of its paths; the first that fits takes a path.
PARTS = (
    ("Backup of virtual machines", "backup", "-"),
    ("Recovery Services vaults", "vaults", "-"),
    ("Locks, Azure Policy and roles", "-", "microsoft.authorization"),
    ("Recovery Services vaults", "-", "microsoft.recoveryservices"),
    ("Key vaults", "-", "microsoft.keyvault"),
    ("Virtual machines", "compute", "microsoft.compute"),
    ("Virtual machines", "-", "microsoft.classiccompute"),
    ("Networks", "-", "microsoft.network"),
    ("Event Grid", "-", "event"),
    ("Resource Graph", "graph", "-"),
    ("The cloud itself", "-", "/metadata/"),
    ("The cloud itself", "-", "/{authority}/"),
    ("Subscriptions, resource groups and tags", "-", ""),
)


def _path(template: str) -> str:
    for letter, start in SHORT:
        if template.startswith(f"{start}/"):
            return letter + template.removeprefix(start)
    return template


def _rows() -> Iterator[tuple[str, str]]:
    """(title of the part, row of its table)."""
    for key, template in sorted(served().items(), key=lambda entry: (entry[1].lower(), entry[0][0])):
        operation = operation_of(key)
        area = operation.area if operation else ""
        title = next(title for title, known, word in PARTS if known == area or word in template.lower())
        if operation is None:
            name = next(f"not published: {why}" for start, why in UNPUBLISHED.items() if key[1].startswith(start))
        else:
            name = f"`{operation.name}`"
        version = operation.version if operation else ""
        yield title, f"| {key[0]} | `{_path(template)}` | {name} | {version} |"


def text() -> str:
    """The whole page."""
    parts: dict[str, list[str]] = {}
    for title, row in _rows():
        parts.setdefault(title, []).append(row)
    titles = dict.fromkeys(title for title, _, _ in PARTS if title in parts)
    tables = [
        f"\n## {title}\n\n| verb | path | operation | contract |\n|---|---|---|---|\n" + "\n".join(parts[title]) + "\n"
        for title in titles
    ]
    return HEAD + "".join(tables)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")

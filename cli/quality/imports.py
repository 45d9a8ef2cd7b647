"""Which installed package a module belongs to, and which packages a set of files imports.

`azure.*` is one namespace over a dozen packages, so the owner of a module is looked up in the packages' own lists of
files, by the longest module name that one package alone holds.
"""

import ast
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name

SUFFIXES = (".py", ".so", ".pyd")


def imported_names(source: str, path: str = "<source>") -> Iterator[str]:
    """Dotted names that a module imports, at its top, in functions, and by `import_module("...")`.

    `from a.b import c` gives `a.b.c`: whether c is a module or a name in one, the owner is found by the longest match.
    """
    for node in ast.walk(ast.parse(source, path)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{alias.name}" for alias in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module" | "importorskip") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def files_of(root: Path, rooms: Iterable[str], leave_out: str = "") -> Iterator[Path]:
    """The Python files of rooms (folders or single files) that exist, but for one folder that has its own place."""
    for room in rooms:
        path = root / room
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            if not leave_out or not file.is_relative_to(root / leave_out):
                yield file


class Owners:
    """Module name to the installed package that holds it."""

    def __init__(self, modules: dict[str, set[str]]) -> None:
        self._modules = modules

    @classmethod
    def installed(cls) -> "Owners":
        """Of the packages in this environment."""
        modules: dict[str, set[str]] = defaultdict(set)
        for distribution in distributions():
            name = canonicalize_name(distribution.metadata["Name"])
            for file in distribution.files or ():
                if file.suffix in SUFFIXES:
                    parts = [*file.parts[:-1], file.name.partition(".")[0]]
                    modules[".".join(parts).removesuffix(".__init__")].add(name)
        return cls(modules)

    def owner(self, dotted: str) -> str | None:
        """The package that alone holds the longest part of the name; None when no package does."""
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            found = self._modules.get(".".join(parts[:length]), set())
            if len(found) == 1:
                return next(iter(found))
        return None


def packages_used(
    files: Iterable[Path], owners: Owners, *, ours: Iterable[str], declared: Collection[str]
) -> tuple[dict[str, str], list[str]]:
    """Package to the first file that imports it, and a complaint for each import that no package holds.

    A declared package that is not installed here (another Python's) is known by its module's name.
    """
    known = {*sys.stdlib_module_names, *ours}
    used: dict[str, str] = {}
    strange: list[str] = []
    for file in files:
        for name in sorted(set(imported_names(file.read_text(encoding="utf-8"), str(file)))):
            if name.partition(".")[0] in known:
                continue
            by_name = canonicalize_name(name.partition(".")[0])
            package = owners.owner(name) or (by_name if by_name in declared else None)
            if package is None:
                strange.append(f"{file}: imports {name}, which no installed package holds")
            else:
                used.setdefault(package, str(file))
    return used, strange

"""Walking a query as the translator has parsed it. Knows the shape of trees and nothing of their meaning."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from duckdb_kql import ir


def nodes(node: object) -> Iterator[ir.Node]:
    """Every node of a query or of a part of one, itself first."""
    if isinstance(node, ir.Node):
        yield node
    if is_dataclass(node) and not isinstance(node, type):
        for each in fields(node):
            yield from nodes(getattr(node, each.name))
    elif isinstance(node, list | tuple):
        for each in node:
            yield from nodes(each)

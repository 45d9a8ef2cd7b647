"""The two forms of a result: rows as objects, or a table of columns and rows. Shapes are the REST specification's."""

from enum import Enum
from typing import TYPE_CHECKING, Any

from simulator.core.wire import Json
from simulator.graph.refusal import invalid_query

if TYPE_CHECKING:
    from simulator.graph.engine import Page

_NUMBERS = ("DOUBLE", "FLOAT", "DECIMAL")
_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER")


class Form(Enum):
    """`resultFormat`."""

    OBJECTS = "objectarray"
    TABLE = "table"

    @classmethod
    def read(cls, value: object) -> "Form":
        """Objects unless told otherwise (REST specification, 2021). Raises Refusal."""
        try:
            return cls.OBJECTS if value is None else cls(str(value).lower())
        except ValueError:
            raise invalid_query("InvalidOptions", "resultFormat must be table or objectArray.") from None


def table_or_objects(page: "Page", form: Form) -> Json | list[Any]:
    """`data` of an answer."""
    if form is Form.OBJECTS:
        return [dict(zip(page.names, row, strict=True)) for row in page.rows]
    columns = [{"name": name, "type": column_type(kind)} for name, kind in zip(page.names, page.kinds, strict=True)]
    return {"columns": columns, "rows": page.rows}


def column_type(kind: str) -> str:
    """DuckDB's type in the words of the REST specification; a date is a string there."""
    if kind == "BOOLEAN":
        return "boolean"
    if kind in _INTEGERS:
        return "integer"
    if kind.startswith(_NUMBERS):
        return "number"
    return "object" if kind == "JSON" or kind.endswith("[]") else "string"

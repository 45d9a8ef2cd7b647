"""From a price file's text to its model, or to the first of what is wrong with it: file, line, column, key.

Read by the same rules as the enforcement policy: plain YAML, no unknown keys, no key without a value. This module reads
no file.
"""

from shared.domain.policy_file.placed import Problem
from shared.domain.policy_file.plain_yaml import UnreadableYamlError, read_yaml
from shared.domain.policy_file.reading import EMPTY, empty_values, validated
from shared.domain.policy_file.schema import DIALECT, Schema, schema_of
from shared.domain.prices.keys import PRICE_DESCRIPTIONS
from shared.domain.prices.model import PriceFile
from shared.errors import SettingsError

CODE = "PRICES"


def parse_prices(text: str, file: str) -> PriceFile:
    """The prices in `text`; SettingsError names `file` and the place of the most telling error."""
    prices, errors, more = read_prices(text, file)
    if prices is None:
        others = len(errors) - 1 + more
        # A misspelt key is also a missing one, told first by its place: its misspelling is what helps.
        first = min(errors, key=lambda each: not each.what.startswith("unknown key"))
        also = f" (and {others} more)" if others else ""
        raise SettingsError(f"{first}{also}", code=CODE, remedy="Mend the price file; docs/cost.md tells every key")
    return prices


def read_prices(text: str, file: str) -> tuple[PriceFile | None, tuple[Problem, ...], int]:
    """The prices, or the first errors in the order of the file and how many more there are."""
    try:
        root = read_yaml(text, file)
    except UnreadableYamlError as error:
        return None, (error.problem,), 0
    errors = dict.fromkeys(empty_values(root), EMPTY)
    prices, found, count = validated(PriceFile, root, root.data, file, errors)
    return prices, found, count - len(found)


def prices_schema() -> Schema:
    """The JSON Schema of the price file, for editors."""
    return {"$schema": DIALECT, **schema_of(PriceFile, PRICE_DESCRIPTIONS), "title": "Backstop's price file"}

"""The JSON Schema of an estate file, from the model that reads it, so that editors complete and check as one writes.

`python -m simulator.estate.file_schema > schemas/estate.schema.json` writes it anew; a test holds the two together.
What a schema cannot say (references, either-or, what two keys say twice) only the reader finds.
"""

import json
import sys

from simulator.core.wire import Json
from simulator.estate.file_model import EstateFile


def schema() -> Json:
    """The schema, draft 2020-12."""
    made = EstateFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made


def text() -> str:
    """The schema as it lies in its file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())

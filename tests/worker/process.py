"""Microsoft's own worker runtime with our app, in a process of its own: its state is global, one app a process.

Run as a script it is that process: it indexes the app, then answers commands, one JSON object a line. Only what the
runtime exports is used. The protobuf messages, which the real worker brings, are stood in for by plain namespaces.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # real seconds for one answer


class Worker:
    """The process, from a test's side. Use as a context manager; `functions` and `modules` come from the indexing.

    `refused` is the runtime's own message where it does not index the app.
    """

    def __init__(self, **settings: str) -> None:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BACKSTOP_", "PYTHON"))}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(ROOT)],
            cwd=ROOT,
            env=environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        first = self._answer()
        self.refused: str = first["refused"]
        self.functions: dict[str, list[dict[str, Any]]] = first["functions"]
        self.modules: list[str] = first["modules"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait(PATIENCE)

    def invoke(self, function: str, data: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> Any:
        """What the function returned; AssertionError with the runtime's message when it failed."""
        answer = self.try_to_invoke(function, data, metadata)
        assert not answer["error"], answer["error"]
        return answer["returned"]

    def try_to_invoke(
        self, function: str, data: Mapping[str, Any], metadata: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """`{"error", "returned"}`; `data` is one of json, string, http with its value."""
        assert self._process.stdin is not None
        command = {"function": function, "data": data, "metadata": metadata or {}}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        guard = threading.Timer(PATIENCE, self._process.kill)
        guard.start()
        try:
            line = self._process.stdout.readline()
        finally:
            guard.cancel()
        assert line, "the worker process ended without an answer; its stderr says why"
        answer: dict[str, Any] = json.loads(line)
        return answer


# -- the process itself ------------------------------------------------------------------------------------------


class _TypedData(SimpleNamespace):
    def WhichOneof(self, group: str) -> str | None:  # noqa: N802  # protobuf's name
        return next(iter(vars(self)), None)


class _Input(SimpleNamespace):
    def WhichOneof(self, group: str) -> str:  # noqa: N802  # protobuf's name
        return "data"


class _Messages:
    """Any message class that the runtime asks for; those below have constants that it reads."""

    TypedData = _TypedData
    BindingInfo = type("BindingInfo", (SimpleNamespace,), {"undefined": 0, "out": 1, "inout": 2})
    StatusResult = type("StatusResult", (SimpleNamespace,), {"Failure": 0, "Success": 1})

    def __getattr__(self, name: str) -> type[SimpleNamespace]:
        return type(name, (SimpleNamespace,), {})


def _typed(data: Mapping[str, Any]) -> _TypedData:
    if "http" in data:
        http = dict(data["http"])
        return _TypedData(http=SimpleNamespace(**http, params={}, body=_TypedData(bytes=b"")))
    return _TypedData(**data)


def _plain(value: Any) -> Any:
    if isinstance(value, SimpleNamespace):
        return {key: _plain(each) for key, each in vars(value).items()}
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return value


async def _index(runtime: Any, folder: str) -> tuple[str, dict[str, Any]]:
    """The runtime's refusal, or what it knows of each function, by name."""
    init = SimpleNamespace(capabilities={}, function_app_directory=folder)
    request = SimpleNamespace(
        request=SimpleNamespace(worker_init_request=init), properties={"protos": _Messages(), "host": "127.0.0.1"}
    )
    answer = await runtime.worker_init_request(request)
    if answer.result.status != 1:
        return answer.result.exception.message, {}
    indexed = await runtime.functions_metadata_request(SimpleNamespace())
    return "", {each.name: each for each in indexed.function_metadata_results}


async def _invoke(runtime: Any, function: Any, command: Mapping[str, Any]) -> dict[str, Any]:
    bindings = [json.loads(each) for each in function.raw_bindings]
    argument = next(each["name"] for each in bindings if each["type"].endswith("Trigger"))
    invocation = SimpleNamespace(
        invocation_id=uuid.uuid4().hex,
        function_id=function.function_id,
        input_data=[_Input(name=argument, data=_typed(command["data"]))],
        trigger_metadata={key: _TypedData(string=value) for key, value in command["metadata"].items()},
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    request = SimpleNamespace(request=SimpleNamespace(invocation_request=invocation), properties={})
    answer = await runtime.invocation_request(request)
    if answer.result.status != 1:
        return {"error": answer.result.exception.message, "returned": None}
    return {"error": "", "returned": _plain(answer.return_value)}


async def _main(folder: str) -> None:
    import azure_functions_runtime as runtime  # noqa: PLC0415  # only the process itself has it

    answers = sys.stdout
    sys.stdout = sys.stderr  # what the app prints is no answer
    sys.path[0] = folder  # as the worker does; this script's own folder is not the app's
    before = set(sys.modules)
    runtime.start_threadpool_executor()
    refused, functions = await _index(runtime, folder)

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    answer(
        refused=refused,
        functions={name: [json.loads(each) for each in known.raw_bindings] for name, known in functions.items()},
        modules=sorted(set(sys.modules) - before),
    )
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = json.loads(line)
        answer(**await _invoke(runtime, functions[command["function"]], command))
    runtime.stop_threadpool_executor()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))

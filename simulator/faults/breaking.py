"""Breaks HTTP on purpose at the connection: reset, closed without a word, half a body, a body that is no JSON.

Works on aiohttp's transport and knows no rule. What is broken is only ever the answer; whether the request has taken
effect was decided before.
"""

import socket
import struct
from typing import Literal

from aiohttp import web

End = Literal["close", "reset"]


class Cut(Exception):
    """The connection is gone: no answer can be given any more."""


def cut(request: web.Request, end: End) -> None:
    """End the connection now: `reset` sends RST, `close` FIN. Raises Cut."""
    transport = request.transport
    if transport is not None:
        if end == "reset":
            connection = transport.get_extra_info("socket")
            if connection is not None:  # without lingering, closing sends RST
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()
    raise Cut


async def half(request: web.Request, answer: web.Response, end: End) -> None:
    """Head and half of the body, with the whole one's length. Raises Cut; an answer without a body is just cut."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    stream = web.StreamResponse(status=answer.status, headers=answer.headers)
    stream.content_length = max(len(body), 2)
    await stream.prepare(request)
    await stream.write(body[: len(body) // 2] or b"{")
    cut(request, end)


def garbled(answer: web.Response) -> web.Response:
    """The same answer with a body that starts as JSON and is none, of a length that is right."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    answer.body = b'{"value": [<' + body[len(body) // 2 :]
    answer.content_type = "application/json"
    return answer

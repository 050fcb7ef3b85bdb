"""A platform that takes everything: the fastest stand-in Python can be, so that it is not what is measured.

Answers canonical JSON and trade_v2 XML with receipts, after an optional delay; checks no signature.
    python -m bench._platform PORT [DELAY_SECONDS]
"""

import asyncio
import re
import sys

KEY = re.compile(rb'"idempotency_key": "([^"]+)"')
MESSAGE = re.compile(rb"<MessageId>([^<]+)</MessageId>")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
DELAY = 0.0


def answer_to(body: bytes) -> bytes:
    if body.startswith(b"<"):
        key = MESSAGE.search(body)
        found = key[1] if key else b""
        content = (
            b"<Receipt><MessageId>" + found + b"</MessageId><Result>accepted</Result>"
            b"<ReceiptNumber>R" + found[-20:] + b"</ReceiptNumber></Receipt>"
        )
    else:
        rows = [
            b'{"idempotency_key": "'
            + key
            + b'", "result": "accepted", "receipt_number": "R'
            + key[-20:]
            + b'"}'
            for key in KEY.findall(body)
        ]
        content = b'{"receipts": [' + b", ".join(rows) + b"]}"
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(content), content)


class Door(asyncio.Protocol):
    """One keep-alive connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer = transport, b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self.buffer, 0, head)
        end = head + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < end:
            return
        body, self.buffer = self.buffer[head + 4 : end], self.buffer[end:]
        if DELAY:
            asyncio.get_running_loop().call_later(DELAY, self.transport.write, answer_to(body))
        else:
            self.transport.write(answer_to(body))


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Door, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    DELAY = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    asyncio.run(serve(int(sys.argv[1])))

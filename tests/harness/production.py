"""The addresses of production mode: a real broker and one fresh database per service."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.harness.broker import find_broker
from tests.harness.database import find_server

SERVICES = ("BLACKLIST", "CREDIT_PUSH", "NOTIFIER")


@contextmanager
def production_addresses() -> Iterator[dict[str, str]]:
    """Environment settings for one run; broker and server end with it where this started them."""
    with ExitStack() as ending:
        broker = find_broker()
        ending.callback(broker.close)
        server = find_server()
        ending.callback(server.close)
        databases = {f"{service}_DB_URL": server.fresh() for service in SERVICES}
        for url in databases.values():
            ending.callback(server.drop, url)
        yield {"EVENTS_URL": broker.url, **databases}

"""A Kafka broker: KAFKA_URL, else Docker, else Kafka's own published jars under a local Java 17.

The jars (43 MB) are fetched once by Maven from the pom beside this file and kept in the user's cache.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.ports import free_ports
from tests.harness.process import Program

VERSION = "4.1.0"
POM = Path(__file__).parent / "kafka" / "pom.xml"
HEAP = "512m"


class NotAvailable(Exception):
    """Nothing here can give what was asked for; the message says what was tried."""


@dataclass
class Broker:
    """A running broker, by event log URL (kafka://host:port)."""

    url: str
    close: Callable[[], None]
    how: str


def find_broker() -> Broker:
    tried: list[str] = []
    for way in (_from_environment, _from_docker, _from_jars):
        try:
            return way()
        except NotAvailable as error:
            tried.append(str(error))
    raise NotAvailable("no Kafka broker: " + "; ".join(tried))


def _from_environment() -> Broker:
    address = os.environ.get("KAFKA_URL", "")
    if not address:
        raise NotAvailable("KAFKA_URL is not set")
    return Broker("kafka://" + address.removeprefix("kafka://"), lambda: None, "KAFKA_URL")


def has_docker() -> bool:
    with contextlib.suppress(Exception):
        import docker

        client: Any = docker.from_env(timeout=3)
        return bool(client.ping())
    return False


def _from_docker() -> Broker:
    if not has_docker():
        raise NotAvailable("no Docker engine answers")
    from testcontainers.community.kafka import KafkaContainer

    container = KafkaContainer(image="confluentinc/cp-kafka:7.6.0").with_kraft()
    container.with_env("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
    container.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
    container.start()
    return Broker("kafka://" + container.get_bootstrap_server(), container.stop, "Docker")


def _from_jars() -> Broker:
    broker = LocalKafka()
    broker.start()
    return Broker(broker.url, broker.close, "local Java")


class LocalKafka:
    """One KRaft node on free ports. `kill` and `start` again keep its log, as after a power cut."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or Path(tempfile.mkdtemp(prefix="kafka-"))
        self.port, self._controller = free_ports(2)
        self.url = f"kafka://127.0.0.1:{self.port}"
        java, jars = _java(), _jars()
        self._java = [java, "-cp", f"{jars}/*", "-XX:+UseSerialGC", f"-Xmx{HEAP}", "-Xms256m"]
        self._java += ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        self._config = self.directory / "server.properties"
        self._config.write_text(self._properties())
        self._format()
        command = [*self._java, "kafka.Kafka", str(self._config)]
        self.program = Program(command, log=self.directory / "kafka.log", port=self.port)

    def _properties(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.directory / "data",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "num.network.threads": 2,
            "num.io.threads": 4,
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _format(self) -> None:
        cluster = str(uuid.uuid4())
        arguments = ["format", "--standalone", "-t", cluster, "-c", str(self._config)]
        if "controller.quorum.voters" in self._config.read_text():
            arguments.remove("--standalone")
        command = [*self._java, "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise NotAvailable(f"Kafka storage cannot be formatted: {(done.stdout + done.stderr)[-500:]}")

    def start(self, *, detached: bool = False) -> None:
        self.program.start(90.0, detached=detached)

    def kill(self) -> None:
        self.program.kill()

    def close(self) -> None:
        self.program.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise NotAvailable("no java")
    return java


def _jars() -> Path:
    """The directory of Kafka's jars, filled by Maven at first use."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "credit-blacklist" / "kafka"
    ready = cache / VERSION
    if (ready / f"kafka-clients-{VERSION}.jar").exists():
        return ready
    maven = shutil.which("mvn")
    if maven is None:
        raise NotAvailable("no Kafka jars and no mvn to fetch them")
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=cache))
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={fresh}"]
    fetched = subprocess.run(
        [maven, "-q", "-B", "-f", str(POM), *goal], capture_output=True, text=True, timeout=300, check=False
    )
    if fetched.returncode:
        shutil.rmtree(fresh, ignore_errors=True)
        raise NotAvailable(f"Maven could not fetch Kafka: {fetched.stdout[-500:]}")
    try:
        fresh.rename(ready)
    except OSError:  # another run was faster
        shutil.rmtree(fresh, ignore_errors=True)
    return ready

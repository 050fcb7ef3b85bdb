"""A real SFTP server in this process, over one folder, with the faults such servers have."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncssh

from services.credit_push.catalogue import Profile
from shared.wire import AsyncRunner

NAME, PASSWORD = "pusher", "correct horse"
ACCOUNT, HOST = "platform-account", "platform-host"


@dataclass
class SftpPlace:
    """Where it listens, the keys a client needs, what it saw, and how it shall fail."""

    folder: Path
    host: Any = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    client: Any = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    port: int = 0
    connections: list[Any] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    cut_after: str = ""
    """Once a file of this ending has its name, the connection is gone before the answer."""
    read_only: bool = False
    old: bool = False
    """Knows no renaming over what is there."""

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self.port}/"

    @property
    def keys(self) -> dict[str, dict[str, str]]:
        """As PLATFORM_KEYS_FILE has them."""
        private = self.client.export_private_key().decode()
        public = self.host.export_public_key().decode()
        return {
            ACCOUNT: {"key_id": NAME, "secret": private},
            HOST: {"key_id": "host", "secret": public},
        }


class _Door(asyncssh.SSHServer):
    def __init__(self, place: SftpPlace) -> None:
        self._place = place

    def connection_made(self, conn: Any) -> None:
        self._place.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (NAME, PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: Any) -> bool:
        return username == NAME and key == self._place.client.convert_to_public()


class _Files(asyncssh.SFTPServer):
    def __init__(self, chan: Any, place: SftpPlace) -> None:
        self._place, self._conn = place, chan.get_connection()
        super().__init__(chan, chroot=str(place.folder).encode())

    def open(self, path: bytes, pflags: int, attrs: Any) -> Any:
        if self._place.read_only and pflags & asyncssh.FXF_WRITE:
            raise asyncssh.SFTPPermissionDenied("read only")
        return super().open(path, pflags, attrs)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> Any:
        if self._place.old:
            raise asyncssh.SFTPOpUnsupported("unknown")
        return self._named(super().posix_rename(oldpath, newpath), newpath)

    def rename(self, oldpath: bytes, newpath: bytes) -> Any:
        return self._named(super().rename(oldpath, newpath), newpath)

    def _named(self, done: Any, path: bytes) -> Any:
        self._place.renamed.append(path.decode())
        if self._place.cut_after and path.decode().endswith(self._place.cut_after):
            self._place.cut_after = ""
            self._conn.abort()
        return done


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpPlace]:
    """The folder behind SFTP on a free port of this machine."""
    place, runner = SftpPlace(folder), AsyncRunner()

    async def listen() -> Any:
        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=lambda: _Door(place),
            server_host_keys=[place.host],
            sftp_factory=lambda chan: _Files(chan, place),
        )

    listener = runner.run(listen())
    place.port = listener.get_port()

    async def stop() -> None:
        listener.close()
        for connection in place.connections:
            connection.abort()

    try:
        yield place
    finally:
        runner.run(stop())
        runner.close()


def by_sftp(profile: Profile, url: str) -> Profile:
    """The same packet platform, reached there."""
    there = replace(profile.transport, directory=url, key=ACCOUNT, host_key=HOST)
    return replace(profile, transport=there)

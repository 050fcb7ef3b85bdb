"""Packets over SFTP: one connection kept open, the host known by its pinned key, we by a key or a password.

Nothing is read from the machine's own SSH settings: no agent, no known_hosts file, no host that is new.
"""

import asyncio
import logging
import posixpath
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import urlsplit

import asyncssh

from services.credit_push.transports.drops import LONG_REST, OUT, DropFault, as_text
from shared.logs import get_log
from shared.platform_keys import PlatformKey
from shared.wire import AsyncRunner

Result = TypeVar("Result")
SCHEME = "sftp://"
REST = 2.0
"""Seconds without a new attempt after the platform could not be reached."""
LARGEST = 32_000_000
KEEPALIVE = 15
DONE = "done"
"""Beside `in` and `out`: what we have fetched and stored."""
log = get_log(__name__)
logging.getLogger("asyncssh").setLevel(logging.WARNING)  # it tells of every file otherwise

LASTING = (
    asyncssh.HostKeyNotVerifiable,
    asyncssh.PermissionDenied,
    asyncssh.KeyExchangeFailed,
    asyncssh.ProtocolNotSupported,
    asyncssh.IllegalUserName,
    asyncssh.SFTPPermissionDenied,
    asyncssh.SFTPNoSuchFile,
    asyncssh.SFTPNoSuchPath,
    asyncssh.SFTPNotADirectory,
    asyncssh.SFTPWriteProtect,
    asyncssh.SFTPOpUnsupported,
    asyncssh.SFTPInvalidFilename,
)
"""What no waiting mends."""
WORDS = (
    (asyncssh.HostKeyNotVerifiable, "对方主机密钥与登记的不符"),
    (asyncssh.PermissionDenied, "对方不接受本系统的账号或密钥"),
    (asyncssh.SFTPPermissionDenied, "对方不允许读写该目录"),
    (asyncssh.SFTPNoSuchFile, "对方没有该目录或文件"),
    (asyncssh.SFTPNoSuchPath, "对方没有该目录或文件"),
    (asyncssh.SFTPNoSpaceOnFilesystem, "对方存储空间已满"),
    (asyncssh.SFTPQuotaExceeded, "对方存储配额已满"),
    (TimeoutError, "对方未在规定时间内应答"),
    (OSError, "无法连接对方主机"),
)


@dataclass(frozen=True)
class Place:
    """Where the folder is."""

    host: str
    port: int
    folder: str

    @classmethod
    def read(cls, url: str) -> "Place":
        """`sftp://host[:port]/folder`; the account stands with its key, not here."""
        parts = urlsplit(url)
        if parts.scheme != "sftp" or not parts.hostname or "@" in parts.netloc or parts.query:
            raise ValueError("not sftp://host[:port]/folder")
        return cls(parts.hostname, parts.port or 22, parts.path or "/")


class SftpDrop:
    """A place behind SFTP. `account` is name and private key (or password), `host_key` its public key."""

    def __init__(
        self,
        runner: AsyncRunner,
        place: Place,
        account: PlatformKey,
        host_key: bytes,
        *,
        seconds: float,
        every: float,
    ) -> None:
        self._runner, self._place, self._account, self._host_key = runner, place, account, host_key
        self._seconds, self._every = seconds, every
        self._turn = asyncio.Lock()
        self._connection: asyncssh.SSHClientConnection | None = None
        self._files: asyncssh.SFTPClient | None = None
        self._look_at = self._rest_until = 0.0
        self._fault = DropFault("")

    def ripe(self) -> bool:
        now = time.monotonic()
        if now < max(self._look_at, self._rest_until):
            return False
        self._look_at = now + self._every
        return True

    def there(self, *names: str) -> bool:
        async def look(files: asyncssh.SFTPClient) -> bool:
            for name in names:
                if await files.exists(self._path(name)):
                    return True
            return False

        return self._do(look)

    def listing(self, suffix: str) -> list[str]:
        async def look(files: asyncssh.SFTPClient) -> list[str]:
            try:
                found = await files.listdir(self._path(OUT).encode())  # as bytes: nobody's names stop it
            except asyncssh.SFTPNoSuchFile:
                return []
            names = filter(None, map(as_text, found))
            return sorted(name for name in names if name.endswith(suffix) and "/" not in name)

        return self._do(look)

    def read(self, name: str) -> bytes:
        async def take(files: asyncssh.SFTPClient) -> bytes:
            async with files.open(self._path(name), "rb") as file:
                size = (await file.stat()).size or 0
                body = cast("bytes", await file.read(LARGEST + 1)) if size <= LARGEST else b""
            if max(size, len(body)) > LARGEST:
                raise DropFault("文件过大", passing=False)
            return body

        return self._do(take)

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        left = [name for name, _ in files]

        async def lay(client: asyncssh.SFTPClient) -> None:
            for name, body in files:
                fresh = self._path(
                    posixpath.join(posixpath.dirname(name), f".{posixpath.basename(name)}.new")
                )
                async with client.open(fresh, "wb") as file:
                    await file.write(body)
                left.pop(0)  # from here on it may be there
                await _replace(client, fresh, self._path(name))

        try:
            self._do(lay)
        except DropFault as fault:
            raise DropFault(str(fault), passing=fault.passing, uncertain=not left) from fault

    def rename(self, name: str, new: str) -> None:
        self._do(lambda files: _replace(files, self._path(name), self._path(new)))

    def clear(self, *names: str) -> None:
        """Into the archive beside `out`; what the account may not move, it removes."""

        async def put_away(files: asyncssh.SFTPClient) -> None:
            done = self._path(DONE)
            if not await files.exists(done):
                await files.mkdir(done)
            for name in names:
                try:
                    await _replace(files, self._path(name), posixpath.join(done, posixpath.basename(name)))
                except asyncssh.SFTPNoSuchFile:
                    continue

        async def remove(files: asyncssh.SFTPClient) -> None:
            for name in names:
                if await files.exists(self._path(name)):
                    await files.remove(self._path(name))

        try:
            self._do(put_away)
        except DropFault as fault:
            if fault.passing:
                raise
            self._do(remove)

    def shown(self, name: str) -> str:
        return f"{SCHEME}{self._place.host}:{self._place.port}{self._path(name)}"

    def close(self) -> None:
        if self._connection is not None:
            self._runner.run(self._hang_up())

    def _path(self, name: str) -> str:
        return posixpath.join(self._place.folder, name)

    def _do(self, work: Callable[[asyncssh.SFTPClient], Awaitable[Result]]) -> Result:
        return self._runner.run(self._within(work))

    async def _within(self, work: Callable[[asyncssh.SFTPClient], Awaitable[Result]]) -> Result:
        async with self._turn:
            files = await self._opened()
            try:
                return await asyncio.wait_for(work(files), self._seconds)
            except asyncssh.SFTPError as error:
                if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
                    await self._hang_up()
                raise _told(error) from error
            except (asyncssh.Error, OSError, TimeoutError) as error:
                await self._hang_up()
                raise _told(error) from error

    async def _opened(self) -> asyncssh.SFTPClient:
        """The connection there is, or a new one; after a failure none is tried for a while."""
        if self._files is not None and self._connection is not None and not self._connection.is_closed():
            return self._files
        if time.monotonic() < self._rest_until:
            raise self._fault
        try:
            return await asyncio.wait_for(self._connect(), self._seconds)
        except (asyncssh.Error, OSError, TimeoutError, ValueError) as error:
            await self._hang_up()
            self._fault = _told(error)
            self._rest_until = time.monotonic() + (REST if self._fault.passing else LONG_REST)
            log.warning("sftp not reachable", host=self._place.host, error=type(error).__name__)
            raise self._fault from error

    async def _connect(self) -> asyncssh.SFTPClient:
        name, secret = self._account.key_id, self._account.secret
        private = secret.startswith(b"-----BEGIN")
        self._connection = await asyncssh.connect(
            self._place.host,
            self._place.port,
            username=name,
            client_keys=[asyncssh.import_private_key(secret)] if private else None,
            password=None if private else secret.decode(),
            known_hosts=([asyncssh.import_public_key(self._host_key)], [], []),
            config=None,
            agent_path=None,
            preferred_auth="publickey" if private else "password",
            keepalive_interval=KEEPALIVE,
        )
        self._files = await self._connection.start_sftp_client()
        return self._files

    async def _hang_up(self) -> None:
        known, self._connection, self._files = self._connection, None, None
        if known is not None:
            known.abort()


async def _replace(files: asyncssh.SFTPClient, path: str, new: str) -> None:
    """Rename over what may be there; where the other side cannot, what is there goes first."""
    try:
        await files.posix_rename(path, new)
    except asyncssh.SFTPOpUnsupported:
        if await files.exists(new):
            await files.remove(new)
        await files.rename(path, new)


def _told(error: Exception) -> DropFault:
    words = next((words for kind, words in WORDS if isinstance(error, kind)), "SFTP 传输出错")
    lasting = isinstance(error, (*LASTING, ValueError))  # a ValueError: a key that cannot be read
    return DropFault(f"{words}（{type(error).__name__}）", passing=not lasting)

"""Where packets are laid down and feedback is found: a folder both sides reach, or a place behind SFTP.

Names are relative, `in/…` ours to the platform, `out/…` the platform's to us.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

LONG_REST = 300.0
"""Seconds before the next try where only a person can help."""
IN, OUT = "in", "out"
ANSWERS = "answers-"
"""How packets begin that tell what became of requests; feedback to them is no receipt of a record."""
LASTING = (
    PermissionError,
    NotADirectoryError,
    IsADirectoryError,
    FileExistsError,
    FileNotFoundError,
)
"""What no waiting mends."""


class DropFault(Exception):
    """The place did not do what was asked."""

    def __init__(self, message: str, *, passing: bool = True, uncertain: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        """Whether waiting may help; else somebody has to change an account, a key or a folder."""
        self.uncertain = uncertain
        """Whether the last of the files may be there all the same."""

    @property
    def retry_after(self) -> float | None:
        return None if self.passing else LONG_REST


class Drop(Protocol):
    """The place. Every method may raise DropFault, and nothing else for what the other side does."""

    def ripe(self) -> bool:
        """Whether it is time to look again for what the platform left."""
        ...

    def there(self, *names: str) -> bool:
        """Whether any of these is there."""
        ...

    def listing(self, suffix: str) -> list[str]:
        """Names in `out` that end so, in order; none where there is no such folder yet."""
        ...

    def read(self, name: str) -> bytes: ...

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Lay these down one after the other, each whole or not at all."""
        ...

    def rename(self, name: str, new: str) -> None: ...

    def clear(self, *names: str) -> None:
        """These are stored on our side: out of the way with them, in this order."""
        ...

    def shown(self, name: str) -> str:
        """As a person is told where the file goes."""
        ...

    def close(self) -> None: ...


class LocalDrop:
    """A folder of this machine, or one that is mounted here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ripe(self) -> bool:
        return True

    def there(self, *names: str) -> bool:
        try:
            return any((self._folder / name).exists() for name in names)
        except OSError as error:
            raise _fault(error) from error

    def listing(self, suffix: str) -> list[str]:
        found = (as_text(os.fsencode(path.name)) for path in (self._folder / OUT).glob(f"*{suffix}"))
        return sorted(filter(None, found))

    def read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except OSError as error:
            raise _fault(error) from error

    def put(self, files: Sequence[tuple[str, bytes]]) -> None:
        for name, body in files:
            path = self._folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _put(path, body)
            except OSError as error:
                raise _fault(error) from error

    def rename(self, name: str, new: str) -> None:
        try:
            (self._folder / name).rename(self._folder / new)
        except OSError as error:
            raise _fault(error) from error

    def clear(self, *names: str) -> None:
        try:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise _fault(error) from error

    def shown(self, name: str) -> str:
        return str(self._folder / name)

    def close(self) -> None:
        pass


def as_text(name: bytes) -> str:
    """A file's name, empty where it is in no writing of ours: then it is none of our packets'."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return ""


def _fault(error: OSError) -> DropFault:
    lasting = isinstance(error, LASTING)
    return DropFault(type(error).__name__, passing=not lasting)


def _put(path: Path, body: bytes) -> None:
    """Write and rename, so that nobody ever sees half a file."""
    fresh = path.with_name(f".{path.name}.new")
    with fresh.open("wb") as out:
        out.write(body)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)

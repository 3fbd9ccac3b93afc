"""Bytes kept by their SHA-256: in a folder, or in any S3-compatible store.

    RELAIS_STORE     s3://bucket/prefix (also gs:// and az://); default: a folder of the data
    AWS_…            the store's own settings: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, …

A store is asked for by `vault()`. `put` returns once the bytes would survive a crash, so that a row
that speaks of them is never written before them.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urlsplit

from .problem import Problem
from .terminal import N_

CHUNK = 1 << 18


class TooLong(Exception):
    """More bytes came than may be kept."""


class StoreBad(Problem):
    """The store of files does not do what it is asked."""

    message = N_("The store of files (%(where)s) does not answer as it should: %(detail)s")


class PartMissing(Problem):
    """The library for stores of objects is not installed."""

    message = N_(
        "RELAIS_STORE names %(where)s, which needs one more library: "
        "pip install 'relais[s3]', or leave RELAIS_STORE out to keep files in the folder of data."
    )


@dataclass(frozen=True)
class Held:
    """What a store says of one object."""

    key: str
    size: int
    changed_at: dt.datetime


class Vault(Protocol):
    """What holds bytes under a key such as `12/ab/abcd…`."""

    where: str

    def put(self, key: str, file: IO[bytes]) -> None:
        """Keep the bytes of the file; return when they are durable."""

    def read(self, key: str) -> Iterator[bytes]:
        """Yield the bytes. Raises FileNotFoundError before the first of them."""

    def delete(self, key: str) -> None:
        """Forget the bytes, if they are there."""

    def walk(self) -> Iterable[Held]:
        """Yield everything that is kept."""


@contextlib.contextmanager
def weighed(chunks: Iterable[bytes], limit: int, folder: Path) -> Iterator[tuple[IO[bytes], str]]:
    """Yield the bytes as a file on disk, and their SHA-256; raises `TooLong` beyond `limit`."""
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.TemporaryFile(dir=folder) as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise TooLong
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        file.seek(0)
        yield file, digest.hexdigest()


class Folder:
    """A vault in a folder of this machine."""

    def __init__(self, root: Path) -> None:
        self.root, self.where = root, str(root)

    def put(self, key: str, file: IO[bytes]) -> None:
        target = self.root / key
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".half-")
        try:
            with os.fdopen(handle, "wb") as out:
                while chunk := file.read(CHUNK):
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        for folder in (target.parent, target.parent.parent, self.root):
            _sync_folder(folder)

    def read(self, key: str) -> Iterator[bytes]:
        file = (self.root / key).open("rb")
        return _chunks(file)

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def walk(self) -> Iterator[Held]:
        for path in self.root.glob("*/*/*"):
            with contextlib.suppress(FileNotFoundError):
                told = path.stat()
                changed = dt.datetime.fromtimestamp(told.st_mtime, dt.UTC)
                yield Held(path.relative_to(self.root).as_posix(), told.st_size, changed)


class Bucket:
    """A vault in a store of objects, by obstore, which is loaded for it alone."""

    def __init__(self, address: str) -> None:
        self.where = address
        try:
            import obstore
            from obstore.store import from_url
        except ImportError:
            raise PartMissing(where=address) from None
        self._do = obstore
        # A store on one's own machine may speak plainly; anything else is spoken to under TLS.
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        options: dict[str, Any] = {"client_options": {"allow_http": True}} if plain else {}
        try:
            self._store = from_url(address, **options)
        except Exception as fault:
            raise StoreBad(where=address, detail=str(fault).splitlines()[0]) from fault

    def put(self, key: str, file: IO[bytes]) -> None:
        with self._plainly():
            self._do.put(self._store, key, file)

    def read(self, key: str) -> Iterator[bytes]:
        with self._plainly():
            found = self._do.get(self._store, key)
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK))

    def delete(self, key: str) -> None:
        with self._plainly(), contextlib.suppress(FileNotFoundError):
            self._do.delete(self._store, key)

    def walk(self) -> Iterator[Held]:
        with self._plainly():
            for some in self._do.list(self._store):
                for one in some:
                    yield Held(one["path"], one["size"], one["last_modified"])

    @contextlib.contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as fault:
            raise StoreBad(where=self.where, detail=str(fault).splitlines()[0][:300]) from fault


def vault(data: Path, address: str = "") -> Vault:
    """Return the store that the settings name: a folder below `data` unless there is an address."""
    if not address:
        return Folder(data / "attachments")
    return (
        Bucket(address) if urlsplit(address).scheme not in ("", "file") else Folder(Path(address))
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _sync_folder(folder: Path) -> None:
    """Make a new name durable; a file system that cannot do this for folders says so by EINVAL."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)

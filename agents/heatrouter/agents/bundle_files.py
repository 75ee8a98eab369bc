"""The bytes of a bundle, read once, before anything in them is believed.

A bundle is a folder with a fixed set of files, or one archive of them. Both are read completely
into memory, each file once and up to its limit; nothing is unpacked to disk, and nothing is read
again. What is hashed, verified and run are therefore the same bytes.

An archive has one form only: uncompressed, files in a fixed order, without times, comments or
folders. What differs from it by a byte is refused, so that no two readers can see different files
in it (duplicate names, paths that leave the folder, data in front or behind).
"""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heatrouter.agents.manifest import (
    GOLDEN_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    MONITOR_FILE,
    SIGNATURE_FILE,
    sha256_of,
)
from heatrouter.envs.errors import BundleError

MAX_MODEL_BYTES: Final = 16 * 1024 * 1024
"""Largest model that is read; a policy of three 512-wide layers is about 4 MB."""

LIMITS: Final[Mapping[str, int]] = {
    MANIFEST_FILE: 4 * 1024 * 1024,
    MODEL_FILE: MAX_MODEL_BYTES,
    GOLDEN_FILE: 16 * 1024 * 1024,
    MONITOR_FILE: 4 * 1024 * 1024,
    SIGNATURE_FILE: 4 * 1024,
}
"""Every file that a bundle may have, in the order of an archive, and its largest size in bytes."""

REQUIRED: Final = (MANIFEST_FILE, MODEL_FILE, GOLDEN_FILE)

_ZIP_OVERHEAD: Final = 4096
MAX_ARCHIVE_BYTES: Final = sum(LIMITS.values()) + _ZIP_OVERHEAD

ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    NotImplementedError,  # zipfile's word for a compression that it cannot read
)
"""What a damaged or hostile zip makes the standard library raise."""

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can say
_UNIX: Final = 3
_SHAPE: Final = (
    f"a bundle is a folder with {MODEL_FILE}, {MANIFEST_FILE} and {GOLDEN_FILE}, as "
    "`heatrouter export` writes it, or one archive of it, as `heatrouter model sign` does"
)


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """The bytes of a bundle, not checked yet.

    Attributes:
        source: Folder or archive that they were read from, for messages.
        contents: File name to bytes; the required ones are there, and no others than known ones.
    """

    source: Path
    contents: Mapping[str, bytes]

    @property
    def manifest(self) -> bytes:
        """The bytes of ``manifest.json``."""
        return self.contents[MANIFEST_FILE]

    @property
    def signature(self) -> bytes | None:
        """The bytes of ``signature.json``, if there is one."""
        return self.contents.get(SIGNATURE_FILE)

    @property
    def identity(self) -> str:
        """sha256 of the manifest: of everything in the bundle but its signature."""
        return sha256_of(self.manifest)

    def with_signature(self, signature: bytes) -> "BundleFiles":
        """The same bundle, signed."""
        return BundleFiles(self.source, {**self.contents, SIGNATURE_FILE: signature})


def read_bundle(path: str | Path) -> BundleFiles:
    """Read a bundle from a folder or an archive.

    Args:
        path: The folder or the archive.

    Raises:
        BundleError: A file is missing, too large, no ordinary file, or no part of a bundle.
    """
    source = Path(path)
    if source.is_file():
        return parse_archive(_read(source, MAX_ARCHIVE_BYTES), source)
    try:
        found = {entry.name for entry in source.iterdir()}
    except OSError as error:
        msg = f"{source}: {error.strerror or 'cannot be read'}; {_SHAPE}"
        raise BundleError(msg) from None
    _refuse_strangers(source, found)
    wanted = (name for name in LIMITS if name in REQUIRED or name in found)
    return BundleFiles(source, {name: _read(source / name, LIMITS[name]) for name in wanted})


def parse_archive(data: bytes, source: Path) -> BundleFiles:
    """Read a bundle from the bytes of an archive.

    Args:
        data: The bytes.
        source: Where they come from, for messages.

    Raises:
        BundleError: Not the archive that :func:`pack_archive` makes of its files.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            names = [entry.orig_filename for entry in entries]
            _refuse_strangers(source, names)
            if len(set(names)) != len(names):
                msg = f"{source}: holds a file twice ({sorted(names)}); sign the bundle again"
                raise BundleError(msg)
            for entry in entries:
                _refuse_entry(source, entry)
            contents = {entry.filename: archive.read(entry) for entry in entries}
    except ZIP_ERRORS:
        msg = f"{source}: no bundle archive; {_SHAPE}"
        raise BundleError(msg) from None
    missing = [name for name in REQUIRED if name not in contents]
    if missing:
        msg = f"{source}: {', '.join(missing)} missing; {_SHAPE}"
        raise BundleError(msg)
    if pack_archive(contents) != data:
        msg = f"{source}: not the one archive of its files; copy or sign the bundle again"
        raise BundleError(msg)
    return BundleFiles(source, contents)


def pack_archive(contents: Mapping[str, bytes]) -> bytes:
    """The one archive of some files, equal bytes for equal files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in LIMITS:
            if name in contents:
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.create_system = _UNIX
                entry.external_attr = (stat.S_IFREG | 0o644) << 16
                archive.writestr(entry, contents[name])
    return buffer.getvalue()


def _refuse_strangers(source: Path, names: "set[str] | list[str]") -> None:
    strangers = sorted(set(names) - set(LIMITS))
    if strangers:
        listed = ", ".join(repr(name) for name in strangers[:3])
        msg = f"{source}: holds {listed}, no part of a bundle; {_SHAPE}"
        raise BundleError(msg)


def _refuse_entry(source: Path, entry: zipfile.ZipInfo) -> None:
    limit = LIMITS[entry.filename]
    if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1:
        msg = f"{source}: {entry.filename} is compressed or encrypted; sign the bundle again"
        raise BundleError(msg)
    if entry.file_size > limit:
        msg = f"{entry.filename}: {entry.file_size} bytes, the limit is {limit}; export again"
        raise BundleError(msg)


def _read(path: Path, limit: int) -> bytes:
    """Read an ordinary file, without waiting for one that is none, and no more than allowed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                msg = f"{path}: no ordinary file; {_SHAPE}"
                raise BundleError(msg)
            data = file.read(limit + 1)
    except OSError as error:
        msg = f"{path}: {error.strerror or 'cannot be read'}; {_SHAPE}"
        raise BundleError(msg) from None
    if len(data) > limit:
        msg = f"{path.name}: more than {limit} bytes, the limit; export the run again"
        raise BundleError(msg)
    return data

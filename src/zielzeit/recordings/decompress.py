"""Files that are plain, gzip or zstd, as bytes or lines; a broken file raises a UserError that names it."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zstandard

from zielzeit.errors import UserError

_CHUNK = 1 << 20


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn the errors of a broken or unreadable file into a UserError that names it."""
    try:
        yield
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(f"{path} cannot be read ({reason}): restore or remove it") from None


def _zstd_chunks(path: Path) -> Iterator[bytes]:
    """Decompressed chunks of all frames. Raises EOFError for a truncated frame, which zstandard ignores."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    started = False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            while chunk:
                started = True
                yield frame.decompress(chunk)
                chunk = frame.unused_data if frame.eof else b""
                if frame.eof:
                    frame = zstandard.ZstdDecompressor().decompressobj()
                    started = False
    if started:
        raise EOFError("the compressed file ends in the middle")


def _chunks(path: Path) -> Iterator[bytes]:
    if path.suffix == ".zst":
        yield from _zstd_chunks(path)
        return
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def read_bytes(path: Path) -> bytes:
    """The whole file, decompressed. Raises UserError if it is unreadable, truncated or empty."""
    with _naming(path):
        # In one piece: a fifth faster than in chunks, which files of many boards need.
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else b"".join(_chunks(path))
    if not body:
        raise UserError(f"{path} is empty: restore or remove it")
    return body


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, with their numbers from 1, lazily. Raises UserError like ``read_bytes``."""
    number, rest = 0, b""
    with _naming(path):
        for chunk in _chunks(path):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                if line.strip():
                    yield number, line
        if rest.strip():
            yield number + 1, rest

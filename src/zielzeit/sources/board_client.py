"""HTTP client of the poller: connections are used again, and a request is limited in time and size as a whole."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from time import monotonic
from typing import Any

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from zielzeit.boards.parse import MAX_BODY

LARGEST_BODY_BYTES = MAX_BODY
"""Larger bodies are not read to their end: the job would refuse them."""
_CHUNK_BYTES = 256 * 1024
_HEADERS = {"User-Agent": "zielzeit"}


class BodyTooLargeError(Exception):
    """The body is larger than ``LARGEST_BODY_BYTES``."""


class ClientClosedError(Exception):
    """The client was closed while the request was under way."""


class Response(msgspec.Struct, frozen=True):
    """A response that has come as a whole."""

    status: int
    url: str
    headers: Mapping[str, str]
    """Without regard to case."""
    body: bytes
    """Without the transfer's compression."""


class BoardClient:
    """Fetches boards for many threads at once.

    requests limits the time of each read; a server that sends a byte now and then could hold a thread for ever.
    ``cut_overdue`` ends such requests, whatever they are waiting for.
    """

    def __init__(self, *, timeout_seconds: float, connections: int) -> None:
        self._timeout_seconds = timeout_seconds
        self._closed = False
        self._exchanges: set[_Exchange] = set()
        self._lock = threading.Lock()
        self._session = requests.Session()
        self._session.headers.update(_HEADERS)
        # A session serves several threads as long as no reply changes it.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Every request is one of the schedule, which keeps the instance's limits: none is repeated here.
        adapter = _Adapter(pool_connections=1, pool_maxsize=connections, max_retries=Retry(0, read=False))
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def get(self, url: str) -> Response:
        """Fetch a URL; redirects are not followed.

        Raises requests.Timeout, other requests.RequestExceptions, BodyTooLargeError and ClientClosedError.
        """
        exchange = _Exchange(monotonic() + self._timeout_seconds)
        with self._lock:
            self._exchanges.add(exchange)
        _thread.exchange = exchange
        try:
            with self._session.get(url, timeout=self._timeout_seconds, stream=True, allow_redirects=False) as response:
                body = _read(response)
        except requests.RequestException:
            self._raise_if_cut(exchange)
            raise
        except HTTPError as error:  # requests does not translate all of urllib3's
            self._raise_if_cut(exchange)
            raise requests.ConnectionError(error) from None
        finally:
            with self._lock:
                self._exchanges.discard(exchange)
        self._raise_if_cut(exchange)  # a body without a length ends where its connection does
        return Response(response.status_code, response.url, response.headers, body)

    def cut_overdue(self) -> None:
        """End the requests that take longer than the timeout: ``get`` raises requests.Timeout in their threads."""
        now = monotonic()
        for exchange in self._under_way():
            if now >= exchange.deadline:
                exchange.cut()

    def close(self) -> None:
        """End all requests, whose ``get`` raises ClientClosedError, and close the connections."""
        self._closed = True
        for exchange in self._under_way():
            exchange.cut()
        self._session.close()

    def _under_way(self) -> list[_Exchange]:
        with self._lock:
            return list(self._exchanges)

    def _raise_if_cut(self, exchange: _Exchange) -> None:
        if exchange.is_cut and self._closed:
            raise ClientClosedError from None
        # A read that timed out is a ConnectionError of requests once the headers are there.
        if exchange.is_cut or monotonic() >= exchange.deadline:
            raise requests.Timeout from None


class _Exchange:
    """One request under way and the socket that it uses."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        """Seconds of the monotonic clock."""
        self.is_cut = False
        self._socket: socket.socket | None = None

    def use(self, used: socket.socket | None) -> None:
        """Take in which socket the request was sent by."""
        self._socket = used
        if self.is_cut:
            self.cut()

    def cut(self) -> None:
        """Shut the socket down; who reads from it, in whatever thread, finds its end."""
        self.is_cut = True
        if self._socket is not None:
            # Not SSLSocket's own method, which takes the session away from under the reader.
            with suppress(OSError):  # it is closed already
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Thread(threading.local):
    """What the present thread does."""

    exchange: _Exchange | None = None


_thread = _Thread()


class _Connection(HTTPConnection):
    def request(self, *arguments: Any, **options: Any) -> None:
        super().request(*arguments, **options)
        _sent(self.sock)


class _SecureConnection(HTTPSConnection):
    def request(self, *arguments: Any, **options: Any) -> None:
        super().request(*arguments, **options)
        _sent(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Makes connections that tell the exchange of their thread which socket they use."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
        return manager


def _sent(used: socket.socket | None) -> None:
    if _thread.exchange is not None:
        _thread.exchange.use(used)


def _read(response: requests.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_BODY_BYTES:
            raise BodyTooLargeError
    return bytes(body)

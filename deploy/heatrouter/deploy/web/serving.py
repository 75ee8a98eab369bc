"""Serves the page to people and takes snapshots from the guard process, in one loop."""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from pathlib import Path
from typing import Final

import uvicorn

from heatrouter.deploy.http_config import HttpConfig
from heatrouter.deploy.state_dir import remove_file, write_json
from heatrouter.deploy.web.app import web_app
from heatrouter.deploy.web.context import web_context
from heatrouter.deploy.web.feed import Feed, read_site
from heatrouter.envs.errors import EXIT_CONFIG, EXIT_UNAVAILABLE

_log = logging.getLogger(__name__)

WEB_FILE: Final = "web.json"
CONNECTIONS_AT_MOST: Final = 100
IDLE_CONNECTION_S: Final = 5


async def run(channel: int, *, quiet: bool) -> int:
    """Serve until the guard process is gone; return the exit code."""
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=channel))
    try:
        site = await read_site(reader)
    except asyncio.IncompleteReadError:
        return 0
    http = site.http
    try:
        listener = _listen(http)
    except OSError as error:
        level = logging.DEBUG if quiet else logging.ERROR
        _log.log(level, "%s cannot be served: %s", _url(http, http.port), error.strerror)
        return EXIT_UNAVAILABLE
    port = int(listener.getsockname()[1])
    feed = Feed()
    context = web_context(site, feed, port=port)
    config = uvicorn.Config(
        web_app(context),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_CONNECTION_S,
        timeout_graceful_shutdown=1,
        limit_concurrency=CONNECTIONS_AT_MOST,
        h11_max_incomplete_event_size=16 * 1024,
    )
    config.load()
    if http.tls is not None:
        try:
            config.ssl = _tls(http.tls.certificate, http.tls.key)
        except (OSError, ssl.SSLError) as error:
            _log.error("certificate %s cannot be used: %s", http.tls.certificate, error)
            return EXIT_CONFIG
    server = uvicorn.Server(config)
    # Its own handlers would raise the signal once more; the guard process decides when to end.
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign,assignment]
    url = _url(http, port)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="serve")
    where = site.state_dir / WEB_FILE
    write_json(where, {"url": url, "pid": os.getpid()})
    _log.info("page, metrics and health checks at %s", url)
    try:
        await asyncio.wait(
            {asyncio.create_task(feed.follow(reader), name="follow"), serving},
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        remove_file(where)
        server.should_exit = True
        await serving
        writer.close()
    return 0


def _listen(http: HttpConfig) -> socket.socket:
    family = socket.AF_INET6 if ":" in http.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((http.host, http.port))
    except OSError:
        listener.close()
        raise
    return listener


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    return context


def _url(http: HttpConfig, port: int) -> str:
    scheme = "http" if http.tls is None else "https"
    host = f"[{http.host}]" if ":" in http.host else http.host
    return f"{scheme}://{host}:{port}"

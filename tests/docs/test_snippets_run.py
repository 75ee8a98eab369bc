"""The pages' blocks run from top to bottom, in a folder that has what a checkout has.

Sizes are smaller than on the page (`small_sizes`), servers stay until the page ends. A block that
is not run says why in a comment above it (`snippets`).
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.docs.small_sizes import PLANT_PORT
from tests.docs.snippets import ROOT, Snippet, pages, snippets_of

from heatrouter.agents.shipped_bundles import shipped_bundle

LONGEST_BLOCK_S = 1500
LONGEST_START_S = 240
"""Of a server: the first one may have to compile the simulator."""


def runnable(page: str) -> list[Snippet]:
    return [
        snippet
        for snippet in snippets_of(page)
        if snippet.language in {"sh", "python"} and snippet.not_run is None
    ]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Terminal:
    """Where the blocks of one page run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen[bytes]] = []
        self.port = str(free_port())
        search_modules = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        shim = folder / ".bin" / "heatrouter"
        shim.parent.mkdir()
        shim.write_text(
            f'#!/bin/sh\nPYTHONPATH="{search_modules}:$PYTHONPATH"\nexport PYTHONPATH\n'
            f'exec {sys.executable} -m tests.docs.small_sizes "$@"\n'
        )
        shim.chmod(0o755)
        search = [str(shim.parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        self.environment = os.environ | {
            "PATH": os.pathsep.join(search),
            "PYTHONPATH": search_modules,
            PLANT_PORT: self.port,
            "MPLBACKEND": "agg",
            "COLUMNS": "120",
        }

    def start(self, snippet: Snippet) -> subprocess.Popen[bytes]:
        """Run a block beside the test, its output in a file."""
        text = snippet.text.replace(":4840", f":{self.port}")
        shell = ["bash", "-euo", "pipefail"]
        program = [sys.executable] if snippet.language == "python" else shell
        with (self.folder / f"line-{snippet.line}.log").open("wb") as log:
            return subprocess.Popen(
                [*program, "-c", text],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self, snippet: Snippet) -> str:
        return (self.folder / f"line-{snippet.line}.log").read_text(errors="replace")[-4000:]

    def run(self, snippet: Snippet) -> None:
        if snippet.stays:
            self._stay(snippet)
            return
        process = self.start(snippet)
        try:
            code = process.wait(LONGEST_BLOCK_S)
        except subprocess.TimeoutExpired:
            pytest.fail(f"{snippet} ran longer than {LONGEST_BLOCK_S} s:\n{self.output(snippet)}")
        finally:  # also where somebody interrupts the test
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        assert code == 0, f"{snippet} ended with {code}:\n{snippet.text}\n{self.output(snippet)}"

    def _stay(self, snippet: Snippet) -> None:
        """Start a server and wait until the next block may count on it."""
        process = self.start(snippet)
        self.servers.append(process)
        ready = self._is_ready(snippet)
        deadline = time.monotonic() + LONGEST_START_S
        while not ready():
            assert process.poll() is None, f"{snippet} ended:\n{self.output(snippet)}"
            assert time.monotonic() < deadline, f"{snippet} is not up:\n{self.output(snippet)}"
            time.sleep(0.2)

    def _is_ready(self, snippet: Snippet) -> Callable[[], bool]:
        words = next(iter(snippet.commands()))
        if words[1] == "plant":
            return lambda: "virtual plant serves" in self.output(snippet)
        before = {path: path.stat().st_mtime_ns for path in self.folder.rglob("status.json")}

        def written() -> bool:
            found = {path: path.stat().st_mtime_ns for path in self.folder.rglob("status.json")}
            return any(before.get(path) != changed for path, changed in found.items())

        return written

    def close(self) -> None:
        """End the servers, the last one first."""
        for process in reversed(self.servers):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    for name in ("configs", "examples"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
    bundle = shipped_bundle("energy-web")
    assert bundle is not None
    shutil.copytree(bundle, tmp_path / "my-bundle")
    opened = Terminal(tmp_path)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("page", [page for page in pages() if runnable(page)])
def test_a_page_runs_from_top_to_bottom(page: str, terminal: Terminal) -> None:
    for snippet in runnable(page):
        terminal.run(snippet)

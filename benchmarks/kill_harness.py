"""Kill -9 at random moments: writers a thousand times, the running service twenty times.

What the dead ones leave is read by the project's own readers: audit log, ledgers, state files and
history have to be whole up to the last record, and the next life has to go on there.

Example: python benchmarks/kill_harness.py --writers 1000 --services 20 --json runs/kills.json
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from heatrouter.deploy.faults.killed_services import kill_services


def kill_writers(folder: Path, lives: int, seed: int) -> dict[str, object]:
    """In a process of its own, which has one thread only and may fork."""
    command = [sys.executable, "-m", "heatrouter.deploy.faults.killed_writers"]
    command += ["--lives", str(lives), "--seed", str(seed), "--folder", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    content = json.loads(done.stdout)
    assert isinstance(content, dict)
    return content


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--writers", type=int, default=1000)
    parser.add_argument("--services", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the counts")
    options = parser.parse_args()
    content: dict[str, object] = {"seed": options.seed}
    corrupt: list[object] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.writers:
            begin = time.perf_counter()
            writers = kill_writers(folder / "writers", options.writers, options.seed)
            content["writers"] = writers
            lines = writers["corrupt"]
            assert isinstance(lines, list)
            corrupt += lines
            print(f"writers: {writers['kills']} kills, {writers['power_losses']} power losses, "
                  f"{writers['torn']} with half a line, {writers['records']} records and "
                  f"{writers['ledgers']} ledgers verified, {len(lines)} corrupt, "
                  f"{time.perf_counter() - begin:.0f} s")  # fmt: skip
        if options.services:
            begin = time.perf_counter()
            services = kill_services(folder / "services", options.services, options.seed)
            content["services"] = asdict(services)
            corrupt += services.corrupt
            print(f"service: {services.kills} kills, {services.in_control} in control, "
                  f"{services.records} records, {services.unsafe_writes} unsafe writes, "
                  f"ready after {max(services.ready_s, default=0.0):.1f} s at most, "
                  f"{len(services.corrupt)} corrupt, "
                  f"{time.perf_counter() - begin:.0f} s")  # fmt: skip
            if services.unsafe_writes:
                corrupt.append(f"{services.unsafe_writes} unsafe writes")
    for line in corrupt[:20]:
        print(line)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if corrupt else 0


if __name__ == "__main__":
    sys.exit(main())

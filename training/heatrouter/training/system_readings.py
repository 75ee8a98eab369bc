"""How busy the machine is, under the names that MLflow shows as system metrics."""

import os
import shutil
import time
from pathlib import Path

_STAT = Path("/proc/stat")
_MEMORY = Path("/proc/meminfo")


class SystemReadings:
    """CPU, memory and disk, read now and then.

    Args:
        every_s: Least time between two readings; None for none at all.
        folder: Whose disk is read.
    """

    def __init__(self, every_s: float | None, folder: Path) -> None:
        self._every_s, self._folder = every_s, folder
        self._next = 0.0
        self._before = _cpu_times()

    def read(self) -> dict[str, float]:
        """Return the readings, empty where it is not time yet or the system does not tell."""
        if self._every_s is None or time.monotonic() < self._next:
            return {}
        self._next = time.monotonic() + self._every_s
        values: dict[str, float] = {}
        busy, total = _cpu_times()
        passed = total - self._before[1]
        if passed > 0.0:
            share = (busy - self._before[0]) / passed
            values["system/cpu_utilization_percentage"] = 100.0 * share
        self._before = (busy, total)
        values |= _memory()
        disk = shutil.disk_usage(self._folder)
        values["system/disk_usage_percentage"] = 100.0 * disk.used / disk.total
        values["system/disk_available_megabytes"] = disk.free / 1e6
        values["system/load_average_1m"] = os.getloadavg()[0]
        return values


def _cpu_times() -> tuple[float, float]:
    """Busy and whole time of all cores since the start, in ticks."""
    if not _STAT.is_file():
        return 0.0, 0.0
    ticks = [
        float(part) for part in _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:]
    ]
    idle = ticks[3] + (ticks[4] if len(ticks) > 4 else 0.0)
    # Time of guests is in that of users already.
    total = sum(ticks[:8])
    return total - idle, total


def _memory() -> dict[str, float]:
    if not _MEMORY.is_file():
        return {}
    lines = _MEMORY.read_text(encoding="ascii").splitlines()
    kilobytes = {line.split(":")[0]: float(line.split()[1]) for line in lines if ":" in line}
    total, available = kilobytes.get("MemTotal", 0.0), kilobytes.get("MemAvailable", 0.0)
    if not total:
        return {}
    used = total - available
    return {
        "system/system_memory_usage_megabytes": used / 1e3,
        "system/system_memory_usage_percentage": 100.0 * used / total,
    }

"""Trends from the historian's file; what it does not have, from memory."""

from pathlib import Path

from heatrouter.deploy.history_file import HistoryError
from heatrouter.deploy.history_reading import HistoryReader
from heatrouter.deploy.web.trends import Course, RecentHistory


class KeptHistory:
    """Courses that go back beyond this process and this run of the service.

    Args:
        path: The historian's file, which need not be there.
        recent: The ring in memory that stands in for it.
    """

    def __init__(self, path: Path, recent: RecentHistory) -> None:
        self._path = path
        self._recent = recent

    @property
    def names(self) -> tuple[str, ...]:
        """Series that are kept."""
        return self._recent.names

    def course(self, names: list[str], *, begin_s: float, end_s: float, points: int) -> Course:
        """Courses of some series; see :class:`~.trends.History`."""
        if self._path.exists():
            try:
                with HistoryReader(self._path) as reader:
                    found = reader.course(names, begin_s=begin_s, end_s=end_s, points=points)
            except HistoryError:
                found = None
            if found is not None and found[0].size:
                return Course(*found)
        return self._recent.course(names, begin_s=begin_s, end_s=end_s, points=points)

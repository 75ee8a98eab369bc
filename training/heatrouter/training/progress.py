"""What a person sees while a training runs: one bar on a terminal, one line per score elsewhere."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from heatrouter.training.validation import Score


class TrainingProgress:
    """Steps, speed, cost and time left.

    Args:
        total_steps: Control steps of the whole run.
        done_steps: Steps of earlier parts of the run.
        console: Where to write.
    """

    def __init__(self, total_steps: int, done_steps: int, console: Console) -> None:
        self._console = console
        self._total = total_steps
        self._first = done_steps
        self._begin = time.perf_counter()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} steps"),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[cost]}"),
            TextColumn("{task.fields[saving]}"),
            TimeRemainingColumn(),
            console=console,
            # Without a terminal a bar would be one line of garbage per update.
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._bar.add_task(
            "training", total=total_steps, completed=done_steps, speed="", cost="", saving=""
        )

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the bar as it is."""
        self._bar.stop()

    @property
    def steps_per_s(self) -> float:
        """Control steps per second since the start or the resume."""
        return self._speed(self._last)

    _last = 0

    def _speed(self, steps: int) -> float:
        return (steps - self._first) / max(time.perf_counter() - self._begin, 1e-9)

    def _ahead(self, steps: int) -> str:
        if steps <= self._first:
            return "just begun"
        return f"{(self._total - steps) / self._speed(steps):.0f} s left"

    def update(self, steps: int, cost_eur_h: float | None = None) -> None:
        """Show how far the run is.

        Args:
            steps: Control steps so far.
            cost_eur_h: Mean cost of the last rollout per environment, €/h.
        """
        self._last = steps
        if cost_eur_h is not None:
            self._bar.update(self._task, cost=f"cost {cost_eur_h:,.0f} €/h")
        self._bar.update(self._task, completed=steps, speed=f"{self._speed(steps):,.0f}/s")

    def scored(self, steps: int, score: Score, *, best: bool, spent: str | None = None) -> None:
        """Show a score on the validation weeks.

        Args:
            steps: Control steps so far.
            score: The score.
            best: Whether it is the best one so far.
            spent: Of a budget that may end the run before its steps do, e.g. "90/300 core-s".
        """
        saving = f"saves {100.0 * score.saving:+.2f} % of the rules' cost"
        self._bar.update(self._task, saving=saving)
        if not self._console.is_terminal:
            mark = " (best)" if best else ""
            ahead = self._ahead(steps) if spent is None else spent
            self._console.print(
                f"{steps:,}/{self._total:,} steps  {self._speed(steps):,.0f}/s  {saving}{mark}  "
                f"{ahead}",
                highlight=False,
                soft_wrap=True,
            )

"""One training of a sweep, in a process of its own: it writes files and talks to nobody.

``python -m heatrouter.training.sweep_worker FOLDER`` trains what the folder describes, or goes on
with it from its newest checkpoint.
"""

import shutil
import sys
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from heatrouter.envs.errors import EXIT_INTERRUPTED, HeatrouterError
from heatrouter.training import core_time
from heatrouter.training.checkpoints import checkpoint_files
from heatrouter.training.run_folder import RunFolder
from heatrouter.training.train import RunOptions, resume_training, start_prepared

LOG: Final = "log.txt"
INPUTS: Final = ("config.yaml", "task.yaml", "district.yaml")
_QUIETLY: Final = RunOptions(send=False)


def work(folder: Path, console: Console) -> dict[str, Any]:
    """Train what a folder describes, or go on with it; returns the summary.

    Args:
        folder: Of the run, with its inputs at least.
        console: Where progress goes.
    """
    run = RunFolder(folder)
    if checkpoint_files(run.checkpoints):
        return resume_training(folder, console, _QUIETLY)
    # Cut off before the first checkpoint: begin anew.
    for item in folder.iterdir():
        if item.name in INPUTS or item.name == LOG:
            continue
        if item.is_dir():
            shutil.rmtree(item)
        else:
            item.unlink()
    return start_prepared(run, console, _QUIETLY)


def main() -> int:
    """Work off the folder that the command line names."""
    folder = Path(sys.argv[1])
    core_time.restart()  # loading libraries is no learning
    with (folder / LOG).open("a", encoding="utf-8") as log:
        console = Console(file=log, width=160)
        try:
            work(folder, console)
        except HeatrouterError as error:
            console.print(f"error: {error}", markup=False, highlight=False)
            return error.exit_code
        except KeyboardInterrupt as stop:
            console.print(f"stopped: {stop}", markup=False, highlight=False)
            return EXIT_INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())

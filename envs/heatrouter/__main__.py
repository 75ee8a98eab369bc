"""``python -m heatrouter``: the same as the ``heatrouter`` script."""

import sys

from heatrouter.envs.cli import main

if __name__ == "__main__":
    sys.exit(main())

"""Steps of Grid2Op on lightsim2grid: 14 buses, the agent does nothing."""

import time
import warnings

import grid2op
from lightsim2grid import LightSimBackend

from peers.stopwatch import Spent, serve

STEPS = 500


def main() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the bundled data are for tests
        env = grid2op.make("l2rpn_case14_sandbox", test=True, backend=LightSimBackend())
    env.seed(0)
    nothing = env.action_space()

    def work() -> Spent:
        """Without the start of episodes, which reads files."""
        cpu_s, done = 0.0, 0
        while done < STEPS:
            env.reset()
            begin, ended = time.process_time(), False
            while done < STEPS and not ended:
                ended = env.step(nothing)[2]
                done += 1
            cpu_s += time.process_time() - begin
        return Spent(done, cpu_s)

    serve({"step": work}, ("grid2op", "lightsim2grid", "numpy"))


if __name__ == "__main__":
    main()

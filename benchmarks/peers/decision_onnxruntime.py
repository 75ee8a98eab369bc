"""The graph of a bundle, run by onnxruntime alone: run with the path of the graph."""

import sys

import numpy as np
import onnxruntime

from peers.stopwatch import Spent, serve, timed

DECISIONS = 10_000


def main(path: str) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    feed = {entry.name: np.zeros((1, entry.shape[1]), dtype=np.float32)}

    def run() -> Spent:
        return timed(lambda: session.run(None, feed), DECISIONS)

    serve({"run": run}, ("onnxruntime", "numpy"))


if __name__ == "__main__":
    main(sys.argv[1])

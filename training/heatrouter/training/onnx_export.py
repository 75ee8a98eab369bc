"""From the trained network to the bytes of an ONNX model, the same bytes for the same weights."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias, cast

import numpy as np
import onnx
import torch

from heatrouter.agents.bundle import INPUT_NAME, OUTPUT_NAME
from heatrouter.envs.arrays import Float32Array
from heatrouter.envs.contract import Contract
from heatrouter.training.policy import TrainedPolicy

OPSET: Final = 18
"""Operator set of the exported model, fixed: onnxruntime 1.14 (2023) and newer run it."""

IR_VERSION: Final = 8


class ExportedPolicy(torch.nn.Module):
    """The whole way from observation to action in physical units.

    Args:
        policy: The trained policy; its weights are shared, not copied.
        contract: Ranges and neutral values of the actions.
    """

    low: torch.Tensor
    high: torch.Tensor
    neutral: torch.Tensor
    above: torch.Tensor
    below: torch.Tensor

    def __init__(self, policy: TrainedPolicy, contract: Contract) -> None:
        super().__init__()
        parts = policy.mean_parts()
        self.scaling, self.body, self.head = parts.scaling, parts.body, parts.head
        self.squashed = parts.squashed
        low, high = contract.bounds("action")
        neutral = np.array([channel.neutral for channel in contract.action])
        for name, values in (
            ("low", low),
            ("high", high),
            ("neutral", neutral),
            ("above", high - neutral),
            ("below", neutral - low),
        ):
            self.register_buffer(name, torch.as_tensor(values, dtype=torch.float32))
        # Neutral values in the middle, and bounds that clip: half the nodes behind the network.
        self.plain = bool(torch.equal(self.above, self.below)) and not parts.squashed

    def normalised(self, observation: torch.Tensor) -> torch.Tensor:
        """Deterministic action in -1..1: the mean, clipped or through the policy's tanh."""
        mean = self._mean(observation)
        return torch.tanh(mean) if self.squashed else torch.clamp(mean, -1.0, 1.0)

    def _mean(self, observation: torch.Tensor) -> torch.Tensor:
        mean: torch.Tensor = self.head(self.body(self.scaling(observation)))
        return mean

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Deterministic action in physical units, inside its bounds."""
        if self.plain:
            return self.physical(self._mean(observation))
        return self.physical(self.normalised(observation))

    def physical(self, action: torch.Tensor) -> torch.Tensor:
        """Physical units of an action in -1..1."""
        # The same map as actuate.denormalise: -1, 0, 1 to low, neutral, high.
        if self.plain:
            return self._inside(self.neutral + action * self.above)
        up = torch.clamp(action, min=0.0) * self.above
        down = torch.clamp(action, max=0.0) * self.below
        # Rounding may leave the bounds by one unit in the last place.
        return self._inside(self.neutral + (up + down))

    def _inside(self, action: torch.Tensor) -> torch.Tensor:
        return torch.minimum(torch.maximum(action, self.low), self.high)


class ExportedMean(torch.nn.Module):
    """The mean action of several policies for one contract, as one graph.

    Trainings that differ by their seed err in different hours; their mean errs less.

    Args:
        members: The policies, at least one.
    """

    def __init__(self, members: Sequence[ExportedPolicy]) -> None:
        super().__init__()
        self.first, self.others = members[0], torch.nn.ModuleList(members[1:])

    def normalised(self, observation: torch.Tensor) -> torch.Tensor:
        """Mean of the members' actions in -1..1."""
        total = self.first.normalised(observation)
        for member in self.others:
            total = total + cast("ExportedPolicy", member).normalised(observation)
        return total / (1 + len(self.others))

    def forward(self, observation: torch.Tensor) -> torch.Tensor:
        """Mean action in physical units, inside its bounds."""
        return self.first.physical(self.normalised(observation))


ExportedGraph: TypeAlias = ExportedPolicy | ExportedMean


def to_onnx(graph: ExportedGraph, example: Float32Array) -> bytes:
    """Export a graph.

    Args:
        graph: What to export.
        example: Some observations, shape ``(n, n_observation)`` with n > 1; the number of
            environments stays free.

    Returns:
        The bytes of the model, without names of files, versions or times.
    """
    batch = torch.export.Dim("batch", min=1, max=1_000_000)
    # The exporter talks on stdout, through logging and through warnings about itself.
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        _quiet("torch.onnx", "onnxscript", "onnx_ir", "torch.export"),
        torch.no_grad(),
    ):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph.eval(),
            (torch.as_tensor(example),),
            dynamo=True,
            input_names=[INPUT_NAME],
            output_names=[OUTPUT_NAME],
            dynamic_shapes=({0: batch},),
            opset_version=OPSET,
            external_data=False,
            optimize=True,
            verbose=False,
        )
    if program is None:
        msg = "torch.onnx.export returned nothing although dynamo=True was asked for"
        raise AssertionError(msg)
    return _canonical(program.model_proto)


def _canonical(model: onnx.ModelProto) -> bytes:
    """Strip what differs between machines, and name values by their order."""
    names = {INPUT_NAME: INPUT_NAME, OUTPUT_NAME: OUTPUT_NAME}
    nodes = []
    for node in model.graph.node:
        for value in node.output:
            names.setdefault(value, f"v{len(names)}")
    tensors = []
    for tensor in model.graph.initializer:
        names.setdefault(tensor.name, f"w{len(names)}")
        # Through NumPy, so that all weights are stored alike.
        values = onnx.numpy_helper.to_array(tensor)
        tensors.append(onnx.numpy_helper.from_array(values, names[tensor.name]))
    for node in model.graph.node:
        plain = onnx.NodeProto(op_type=node.op_type)
        plain.input.extend(names.get(value, value) for value in node.input)
        plain.output.extend(names[value] for value in node.output)
        plain.attribute.extend(sorted(node.attribute, key=lambda attribute: attribute.name))
        for attribute in plain.attribute:
            attribute.doc_string = ""
        nodes.append(plain)
    graph = onnx.helper.make_graph(
        nodes,
        "policy",
        [_signature(model.graph.input[0])],
        [_signature(model.graph.output[0])],
        tensors,
    )
    made = onnx.helper.make_model(
        graph,
        opset_imports=[onnx.helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="heatrouter",
    )
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString(deterministic=True))


def _signature(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    width = value.type.tensor_type.shape.dim[1].dim_value
    return onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, ["batch", width])


@contextlib.contextmanager
def _quiet(*names: str) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

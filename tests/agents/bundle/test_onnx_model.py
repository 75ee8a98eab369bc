"""What the walk over a model sees is what the runtime's reader sees, or the model is refused."""

import onnx
import pytest
from onnx import helper

from heatrouter.agents.onnx_model import read_facts, refuse_unsafe
from heatrouter.envs.errors import BundleError


def test_an_ordinary_policy_is_let_through(model: onnx.ModelProto) -> None:
    facts = refuse_unsafe(model.SerializeToString())
    assert facts.operators == ("Add", "MatMul", "Mul", "Sub", "Tanh")
    assert facts.opsets == (("", 18),)


@pytest.mark.parametrize(
    ("field", "override"),
    [("domain", b"\x38\x00"), ("op_type", b"\x20\x00")],
    ids=["domain", "op_type"],
)
def test_a_text_cannot_be_hidden_behind_a_number_of_the_same_field(
    model: onnx.ModelProto, field: str, override: bytes
) -> None:
    """protobuf drops a field of the wrong wire type and keeps the first; so must not we."""
    node = model.graph.node[0]
    setattr(node, field, "com.example")
    node.MergeFromString(override)
    data = model.SerializeToString()
    assert getattr(onnx.load_from_string(data).graph.node[0], field) == "com.example"
    with pytest.raises(BundleError, match="no ONNX model"):
        refuse_unsafe(data)


@pytest.mark.parametrize(
    "tail",
    [b"\xca\x81\x80\x80\x10\x00", b"\x02\x00", b"\x3b", b"\x3a\xff\xff\xff\xff\xff\x01", b"\x80"],
    ids=["field number beyond 32 bits", "field 0", "group", "length beyond the end", "cut off"],
)
def test_bytes_that_two_readers_may_read_differently_are_no_model(
    model: onnx.ModelProto, tail: bytes
) -> None:
    with pytest.raises(BundleError, match="no ONNX model"):
        read_facts(model.SerializeToString() + tail)


def test_two_graphs_are_no_model(model: onnx.ModelProto) -> None:
    """protobuf would merge them into one."""
    data = model.SerializeToString()
    with pytest.raises(BundleError, match="no ONNX model"):
        read_facts(data + data)


@pytest.mark.parametrize("operator", ["RandomNormal", "ImageDecoder", "Bernoulli", "Loop", ""])
def test_only_dense_arithmetic_runs(model: onnx.ModelProto, operator: str) -> None:
    model.graph.node.append(helper.make_node(operator, ["observation"], ["unused"]))
    with pytest.raises(BundleError, match="dense arithmetic"):
        refuse_unsafe(model.SerializeToString())


def test_declared_shapes_are_read_from_the_file(model: onnx.ModelProto) -> None:
    facts = read_facts(model.SerializeToString())
    assert [(v.name, v.element, v.dimensions) for v in facts.inputs] == [
        ("observation", onnx.TensorProto.FLOAT, (None, 7))
    ]
    assert [(v.name, v.element, v.dimensions) for v in facts.outputs] == [
        ("action", onnx.TensorProto.FLOAT, (None, 2))
    ]

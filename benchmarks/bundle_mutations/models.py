"""Policy networks that must not run, signed by the trusted key, as a broken release would be."""

from collections.abc import Callable

import numpy as np
import onnx
from onnx import helper, numpy_helper

from bundle_mutations.original import Contents, Original, Random
from heatrouter.agents.manifest import MODEL_FILE


def model_mutation(original: Original, random: Random) -> Contents:
    model = onnx.load_from_string(original.contents[MODEL_FILE])
    data = _MODELS[int(random.integers(len(_MODELS)))](model, random)
    return original.resealed({MODEL_FILE: data}, original.key)


def _bytes(model: onnx.ModelProto) -> bytes:
    return bytes(model.SerializeToString())


def _external(model: onnx.ModelProto, random: Random) -> bytes:
    tensor = model.graph.initializer[int(random.integers(2))]
    paths = ["../../secret", "/etc/passwd", "golden.npz", f"w{random.integers(1000)}.bin", ""]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", str(random.choice(paths))
    if random.random() < 0.5:
        # Said in one place only.
        tensor.data_location = onnx.TensorProto.DEFAULT
    return _bytes(model)


def _foreign_operator(model: onnx.ModelProto, random: Random) -> bytes:
    domain = str(random.choice(["com.microsoft", "ai.onnx.ml", "x.y", "ai.onnx.training"]))
    model.graph.node[int(random.integers(2))].domain = domain
    if random.random() < 0.5:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    return _bytes(model)


def _foreign_opset(model: onnx.ModelProto, random: Random) -> bytes:
    model.opset_import.append(helper.make_opsetid(f"d{random.integers(1 << 20)}", 1))
    return _bytes(model)


def _odd_operator(model: onnx.ModelProto, random: Random) -> bytes:
    kinds = ["RandomNormal", "Loop", "If", "Scan", "ImageDecoder", "StringNormalizer", "Bernoulli"]
    kind = str(random.choice(kinds))
    model.graph.node.append(helper.make_node(kind, ["observation"], [f"u{random.integers(99)}"]))
    return _bytes(model)


def _branch(model: onnx.ModelProto, random: Random) -> bytes:
    body = helper.make_graph([], "body", [], [])
    name = str(random.choice(["Tanh", "Loop", "If", "Identity"]))
    model.graph.node.append(helper.make_node(name, ["observation"], ["u"], body=body))
    return _bytes(model)


def _functions(model: onnx.ModelProto, random: Random) -> bytes:
    if random.random() < 0.5:
        function = model.functions.add()
        function.name, function.domain = f"f{random.integers(99)}", ""
    else:
        model.training_info.add()
    return _bytes(model)


def _two_readers(model: onnx.ModelProto, random: Random) -> bytes:
    """What one protobuf reader sees and another does not."""
    kind = int(random.integers(4))
    node = model.graph.node[int(random.integers(2))]
    if kind == 0:
        # The foreign domain, and after it the same field as a number, which readers drop.
        node.domain = "com.microsoft"
        node.MergeFromString(b"\x38\x00")
        return _bytes(model)
    if kind == 1:
        node.op_type = "RandomNormal"
        node.MergeFromString(b"\x20\x00")
        return _bytes(model)
    data = _bytes(model)
    if kind == 2:
        # A field number beyond 32 bits, which some readers cut down to `functions`.
        return data + b"\xca\x81\x80\x80\x10" + b"\x00"
    return data + b"\x02\x00"  # field 0


def _wrong_shape(model: onnx.ModelProto, random: Random) -> bytes:
    kind = int(random.integers(6))
    value = model.graph.input[0] if random.random() < 0.5 else model.graph.output[0]
    tensor = value.type.tensor_type
    if kind == 0:
        tensor.shape.dim[1].dim_value += int(random.integers(1, 9))
    elif kind == 1:
        tensor.shape.dim[0].dim_value = int(random.integers(1, 9))
    elif kind == 2:
        tensor.elem_type = onnx.TensorProto.DOUBLE
    elif kind == 3:
        del tensor.shape.dim[1]
    elif kind == 4:
        model.graph.output[0].name = model.graph.node[1].output[0] = f"o{random.integers(99)}"
    else:
        model.graph.node.append(helper.make_node("Tanh", ["action"], ["second"]))
        model.graph.output.append(helper.make_tensor_value_info("second", 1, None))
    return _bytes(model)


def _wrong_weights(model: onnx.ModelProto, random: Random) -> bytes:
    """Weights that do not reproduce the golden vectors."""
    tensor = model.graph.initializer[1]
    values = numpy_helper.to_array(tensor).copy()
    at = int(random.integers(values.size))
    values[at] = random.choice([np.nan, np.inf, values[at] * 1.01 + 0.5, -1e30])
    tensor.raw_data = values.tobytes()
    return _bytes(model)


def _no_model(model: onnx.ModelProto, random: Random) -> bytes:
    data = _bytes(model)
    bare = onnx.ModelProto()
    kinds = [
        b"",
        random.bytes(200),
        data[: int(random.integers(1, len(data) - 1))],
        data + data,
        bytes(16 * 1024 * 1024 + 1),
        _bytes(bare),
        b"\x80\x04\x95",
    ]
    # The large one costs time; it is as good once in a while.
    weights = np.array([1.0, 1.0, 3.0, 1.0, 0.05, 1.0, 1.0])
    return kinds[int(random.choice(len(kinds), p=weights / weights.sum()))]


_MODELS: list[Callable[[onnx.ModelProto, Random], bytes]] = [
    _external,
    _foreign_operator,
    _foreign_opset,
    _odd_operator,
    _branch,
    _functions,
    _two_readers,
    _wrong_shape,
    _wrong_weights,
    _no_model,
]

"""What an ONNX file holds, read without the ``onnx`` package, and a session that runs it.

The service must not depend on ``onnx`` (its loader follows external-data paths), and onnxruntime
would resolve such paths and load custom operators by itself. So the few facts that decide whether
a model may run are read from the protobuf wire format first: field numbers are those of
``onnx.proto3`` (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from heatrouter.agents.bundle_files import MAX_MODEL_BYTES
from heatrouter.envs.errors import BundleError

STANDARD_DOMAINS: Final = frozenset({"", "ai.onnx"})
"""Names of the one operator domain that every onnxruntime build brings."""

_DENSE_ARITHMETIC: Final = """
    Abs Add And Cast Ceil Clip Concat Constant Div Dropout Elu Equal Erf Exp Flatten Floor Gather
    Gelu Gemm Greater GreaterOrEqual HardSigmoid HardSwish Identity LayerNormalization LeakyRelu
    Less LessOrEqual Log LogSoftmax MatMul Max Mean Min Mish Mod Mul Neg Not Or Pow PRelu
    Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Round Selu Shape Sigmoid Sign
    Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Swish Tanh ThresholdedRelu Transpose
    Unsqueeze Where Xor
"""

ALLOWED_OPERATORS: Final = frozenset(_DENSE_ARITHMETIC.split())
"""What feed-forward policies are made of: dense arithmetic without chance, state, text, images or
control flow. Its running time is bounded by the sizes in the file, its answer by its input."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_TAG_LIMIT = 1 << 32

# Field numbers of the messages that are walked.
_MODEL_GRAPH, _MODEL_OPSET, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 8, 20, 25
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_GRAPH_INPUT, _GRAPH_OUTPUT = 11, 12
_VALUE_NAME, _VALUE_TYPE, _TYPE_TENSOR = 1, 2, 1
_TENSOR_TYPE_ELEMENT, _TENSOR_TYPE_SHAPE = 1, 2
_SHAPE_DIMENSION, _DIMENSION_VALUE, _DIMENSION_NAME = 1, 1, 2
_NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_SPARSE_TENSORS = (1, 2)
_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14


class _MalformedError(Exception):
    """The bytes are no protobuf message."""


FLOAT_ELEMENT: Final = 1
"""Element type of 32-bit floats."""


@dataclass(frozen=True, slots=True)
class DeclaredValue:
    """What the file says of an input or an output.

    Attributes:
        name: Its name.
        element: Type of its elements, :data:`FLOAT_ELEMENT` or another; 0 where it is no tensor.
        dimensions: Sizes; None where a size is free.
    """

    name: str
    element: int
    dimensions: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What decides whether a model may run.

    Attributes:
        opsets: Imported operator domains and their versions.
        operators: ``domain.op_type`` of all nodes, sorted; without the domain where it is standard.
        external_tensors: How many tensors keep their values in another file.
        subgraphs: How many graphs sit inside nodes (branches and loops).
        functions: How many functions or training graphs the file defines itself.
        inputs: As declared; the runtime corrects wrong sizes by itself and merely warns.
        outputs: The same.
    """

    opsets: tuple[tuple[str, int], ...]
    operators: tuple[str, ...]
    external_tensors: int
    subgraphs: int
    functions: int
    inputs: tuple[DeclaredValue, ...]
    outputs: tuple[DeclaredValue, ...]


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise _MalformedError


def _fields(
    data: memoryview, parts: tuple[int, ...] = (), numbers: tuple[int, ...] = ()
) -> Iterator[tuple[int, int, memoryview]]:
    """Yield field number, varint value and bytes (empty for numbers) of a message.

    The runtime's reader drops a field of another wire type than its own, and the upper bits of a
    field number; here that is malformed, lest the two readers see different models in one file.

    Args:
        data: The message.
        parts: Fields that are bytes, texts or messages.
        numbers: Fields that are varints.
    """
    position = 0
    empty = data[:0]
    while position < len(data):
        key, position = _varint(data, position)
        number, wire = key >> 3, key & 7
        if key >= _TAG_LIMIT or number == 0:
            raise _MalformedError
        if (number in parts and wire != _BYTES) or (number in numbers and wire != _VARINT):
            raise _MalformedError
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, value, empty
            continue
        if wire == _BYTES:
            length, position = _varint(data, position)
        elif wire in {_FIXED32, _FIXED64}:
            length = 4 if wire == _FIXED32 else 8
        else:
            raise _MalformedError
        if length > len(data) - position:
            raise _MalformedError
        yield number, 0, data[position : position + length] if wire == _BYTES else empty
        position += length


class _Walk:
    """Collects the facts of one model."""

    def __init__(self, model: memoryview) -> None:
        self.opsets: list[tuple[str, int]] = []
        self.operators: set[str] = set()
        self.external_tensors = 0
        self.subgraphs = 0
        self.functions = 0
        self.graphs = 0
        self.inputs: list[DeclaredValue] = []
        self.outputs: list[DeclaredValue] = []
        parts = (_MODEL_GRAPH, _MODEL_OPSET, _MODEL_TRAINING, _MODEL_FUNCTIONS)
        for number, _, part in _fields(model, parts):
            if number == _MODEL_GRAPH:
                self.graphs += 1
                self._graph(part)
            elif number == _MODEL_OPSET:
                self._opset(part)
            elif number in {_MODEL_TRAINING, _MODEL_FUNCTIONS}:
                self.functions += 1

    def _opset(self, message: memoryview) -> None:
        domain, version = "", 0
        for number, value, part in _fields(message, (_OPSET_DOMAIN,), (_OPSET_VERSION,)):
            if number == _OPSET_DOMAIN:
                domain = _text(part)
            elif number == _OPSET_VERSION:
                version = value
        self.opsets.append((domain, version))

    def _graph(self, message: memoryview) -> None:
        parts = (_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE, _GRAPH_INPUT, _GRAPH_OUTPUT)
        for number, _, part in _fields(message, parts):
            if number == _GRAPH_NODE:
                self._node(part)
            elif number == _GRAPH_INITIALIZER:
                self._tensor(part)
            elif number == _GRAPH_SPARSE:
                self._sparse(part)
            elif number == _GRAPH_INPUT:
                self.inputs.append(_declared(part))
            elif number == _GRAPH_OUTPUT:
                self.outputs.append(_declared(part))

    def _node(self, message: memoryview) -> None:
        operator, domain = "", ""
        parts = (_NODE_OP_TYPE, _NODE_ATTRIBUTE, _NODE_DOMAIN)
        for number, _, part in _fields(message, parts):
            if number == _NODE_OP_TYPE:
                operator = _text(part)
            elif number == _NODE_DOMAIN:
                domain = _text(part)
            elif number == _NODE_ATTRIBUTE:
                self._attribute(part)
        self.operators.add(operator if domain in STANDARD_DOMAINS else f"{domain}.{operator}")

    def _attribute(self, message: memoryview) -> None:
        parts = (*_ATTRIBUTE_TENSORS, *_ATTRIBUTE_SPARSE, *_ATTRIBUTE_GRAPHS)
        for number, _, part in _fields(message, parts):
            if number in _ATTRIBUTE_TENSORS:
                self._tensor(part)
            elif number in _ATTRIBUTE_SPARSE:
                self._sparse(part)
            elif number in _ATTRIBUTE_GRAPHS:
                # Not walked: a model with one is refused, and recursion would need a limit.
                self.subgraphs += 1

    def _sparse(self, message: memoryview) -> None:
        for number, _, part in _fields(message, _SPARSE_TENSORS):
            if number in _SPARSE_TENSORS:
                self._tensor(part)

    def _tensor(self, message: memoryview) -> None:
        external = False
        for number, value, _ in _fields(message, (), (_TENSOR_DATA_LOCATION,)):
            if number == _TENSOR_EXTERNAL_DATA or (number == _TENSOR_DATA_LOCATION and value != 0):
                external = True
        self.external_tensors += external


def _declared(message: memoryview) -> DeclaredValue:
    name, element = "", 0
    dimensions: list[int | None] = []
    for number, _, part in _fields(message, (_VALUE_NAME, _VALUE_TYPE)):
        if number == _VALUE_NAME:
            name = _text(part)
        elif number == _VALUE_TYPE:
            for kind, _, tensor in _fields(part, (_TYPE_TENSOR,)):
                if kind == _TYPE_TENSOR:
                    element = _tensor_type(tensor, dimensions) or element
    return DeclaredValue(name, element, tuple(dimensions))


def _tensor_type(message: memoryview, dimensions: list[int | None]) -> int:
    """Read the type of elements, and append the sizes."""
    element = 0
    parts, numbers = (_TENSOR_TYPE_SHAPE,), (_TENSOR_TYPE_ELEMENT,)
    for number, value, shape in _fields(message, parts, numbers):
        if number == _TENSOR_TYPE_ELEMENT:
            element = value
        elif number == _TENSOR_TYPE_SHAPE:
            for _, _, dimension in _fields(shape, (_SHAPE_DIMENSION,)):
                size: int | None = None
                for kind, value, _ in _fields(dimension, (_DIMENSION_NAME,), (_DIMENSION_VALUE,)):
                    size = value if kind == _DIMENSION_VALUE else size
                dimensions.append(size)
    return element


def _text(part: memoryview) -> str:
    try:
        return bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise _MalformedError from None


def read_facts(model: bytes) -> ModelFacts:
    """Read what an ONNX model imports, calls and refers to.

    Args:
        model: The bytes of the file.

    Raises:
        BundleError: The bytes are no ONNX model.
    """
    try:
        walk = _Walk(memoryview(model))
    except _MalformedError:
        walk = None
    if walk is None or walk.graphs != 1 or not walk.opsets:
        msg = (
            f"policy.onnx: {len(model)} bytes that are no ONNX model (one graph and its operator "
            "set are needed); export the run again"
        )
        raise BundleError(msg)
    return ModelFacts(
        opsets=tuple(sorted(walk.opsets)),
        operators=tuple(sorted(walk.operators)),
        external_tensors=walk.external_tensors,
        subgraphs=walk.subgraphs,
        functions=walk.functions,
        inputs=tuple(walk.inputs),
        outputs=tuple(walk.outputs),
    )


def refuse_unsafe(model: bytes) -> ModelFacts:
    """Refuse a model that reaches outside its file or has no bound on its running time.

    Args:
        model: The bytes of the file.

    Returns:
        The facts of a model that may be loaded.

    Raises:
        BundleError: Too large, no ONNX, external data, foreign operator domains, operators of its
            own, branches or loops, operators beyond :data:`ALLOWED_OPERATORS`.
    """
    if len(model) > MAX_MODEL_BYTES:
        msg = (
            f"policy.onnx: {len(model)} bytes exceed the limit of {MAX_MODEL_BYTES}; "
            "export a smaller network"
        )
        raise BundleError(msg)
    facts = read_facts(model)
    if facts.external_tensors:
        msg = (
            f"policy.onnx: {facts.external_tensors} tensors keep their values in another file, "
            "none may; export with all weights inside the model"
        )
        raise BundleError(msg)
    foreign = sorted(
        {domain for domain, _ in facts.opsets if domain not in STANDARD_DOMAINS}
        | {operator for operator in facts.operators if "." in operator}
    )
    if foreign or facts.functions:
        what = ", ".join(repr(name) for name in foreign) or f"{facts.functions} functions"
        msg = (
            f"policy.onnx: operators outside the standard ONNX domain ({what}), none are allowed; "
            "export with standard operators only"
        )
        raise BundleError(msg)
    if facts.subgraphs:
        msg = (
            f"policy.onnx: {facts.subgraphs} branches or loops, none are allowed because their "
            "running time has no bound; export a policy without control flow"
        )
        raise BundleError(msg)
    unusual = [name for name in facts.operators if name not in ALLOWED_OPERATORS]
    if unusual:
        msg = (
            f"policy.onnx: operators {unusual} are none that a policy needs; export a "
            "feed-forward network of dense arithmetic"
        )
        raise BundleError(msg)
    return facts


def open_session(model: bytes) -> Any:  # noqa: ANN401  # onnxruntime ships no annotations
    """Open a model for a control loop: one thread, no spinning, from bytes.

    Args:
        model: The bytes of a model that :func:`refuse_unsafe` let through.

    Returns:
        An ``onnxruntime.InferenceSession`` on the CPU.

    Raises:
        BundleError: onnxruntime cannot load the model.
    """
    import onnxruntime as ort

    options = ort.SessionOptions()
    # More threads cost more than such a net takes, and spinning ones steal the guard's core.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's error classes have no common base
        first_line = str(error).partition("\n")[0]
        msg = (
            f"policy.onnx: onnxruntime {ort.__version__} cannot load it ({first_line}); "
            "export the run again, or install the onnxruntime version of the bundle"
        )
        raise BundleError(msg) from error

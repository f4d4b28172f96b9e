"""The encoder's transformer layers as an ONNX graph, the dense layers in whole numbers of 8 bits.

The same forward pass in 32 bits of NumPy took five times as long a message (docs/architecture.md).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnx import NodeProto, TensorProto, helper, numpy_helper

from aftercare.nlu.encoder_weights import DIMENSIONS, HEAD_WIDTH, HEADS, Dense, Norm, Weights

OURS = "summed"
"""The graph's one input, (texts, length, 384): the word pieces' vectors and those of their places added."""

TOKENS = "tokens"
"""The graph's one output, of the same shape: the last layer's vectors."""

LARGEST = 63
"""Weights are rounded to whole numbers from -63 to 63. With 127 a processor without the instructions for 8 bits (VNNI) lets
the sum of two products overflow; so all processors give the same. It costs a cosine of 0.00003 beside 127."""

EPSILON = 1e-12
"""What BERT adds to a variance."""

OPSET = 17
MICROSOFT = "com.microsoft"
"""The operators that onnxruntime has beside ONNX's own."""


def session_of(weights: Weights) -> onnxruntime.InferenceSession:
    """Runs ``OURS`` to ``TOKENS``. One thread: a message is too short for two, and a training has its own."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(_Graph(weights).serialized(), options, providers=["CPUExecutionProvider"])


class _Graph:
    """Collects nodes and weights; each method adds what it is named after and returns the name of what comes out."""

    def __init__(self, weights: Weights) -> None:
        self._nodes: list[NodeProto] = []
        self._arrays: list[TensorProto] = []
        self._heads = self._array(np.array([0, 0, 3, HEADS, HEAD_WIDTH], np.int64))
        self._joined = self._array(np.array([0, 0, DIMENSIONS], np.int64))
        self._third = self._array(np.array([2], np.int64))
        tokens = self._norm(OURS, weights.norm)
        for layer in weights.layers:
            attended = self._dense(self._attention(self._dense(tokens, layer.queries_keys_values)), layer.attended)
            tokens = self._norm(self._node("Add", tokens, attended), layer.attended_norm)
            wide = self._node("Gelu", self._dense(tokens, layer.widen), domain=MICROSOFT)
            tokens = self._norm(self._node("Add", tokens, self._dense(wide, layer.narrow)), layer.norm)
        self._nodes.append(helper.make_node("Identity", [tokens], [TOKENS]))

    def serialized(self) -> bytes:
        ours, tokens = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["texts", "length", DIMENSIONS])
            for name in (OURS, TOKENS)
        )
        graph = helper.make_graph(self._nodes, "encoder", [ours], [tokens], self._arrays)
        operators = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model: bytes = helper.make_model(graph, opset_imports=operators, ir_version=9).SerializeToString()
        return model

    def _attention(self, stacked: str) -> str:
        """Queries (divided by the root of their width already), keys and values of each head, side by side."""
        heads = self._node("Reshape", stacked, self._heads)
        parts = [f"{heads}.{part}" for part in ("queries", "keys", "values")]
        self._nodes.append(helper.make_node("Split", [heads], parts, axis=2))
        queries, keys, values = (
            self._node("Transpose", self._node("Squeeze", part, self._third), perm=perm)
            for part, perm in zip(parts, ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]), strict=True)
        )
        looks = self._node("Softmax", self._node("MatMul", queries, keys), axis=-1)
        seen = self._node("Transpose", self._node("MatMul", looks, values), perm=[0, 2, 1, 3])
        return self._node("Reshape", seen, self._joined)

    def _dense(self, rows: str, dense: Dense) -> str:
        """Each column of the weights has a scale of its own; the rows get theirs as they come."""
        columns = dense.weight.T
        scale = np.abs(columns).max(0) / np.float32(LARGEST)
        whole = np.rint(columns / scale).astype(np.int8)
        arrays = (whole, scale, np.zeros(len(scale), np.int8), dense.bias)
        return self._node("DynamicQuantizeMatMul", rows, *map(self._array, arrays), domain=MICROSOFT)

    def _norm(self, rows: str, norm: Norm) -> str:
        return self._node(
            "LayerNormalization", rows, self._array(norm.scale), self._array(norm.shift), axis=-1, epsilon=EPSILON
        )

    def _array(self, array: npt.NDArray[np.generic]) -> str:
        name = f"array{len(self._arrays)}"
        self._arrays.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        name = f"{operator}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

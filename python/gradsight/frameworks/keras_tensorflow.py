"""Keras on TensorFlow: in a trainer, in a loop with a ``GradientTape``, and in a loop that is a ``tf.function``."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from . import tensorflow_limit, tensorflow_ring
from .graph_series import GraphSeries, Layout
from .keras_limit import Before
from .tensorflow_limit import InGraph
from .tensorflow_origin import clips, losses
from .torch_recorder import TorchRecorder


class KerasTensorflow:
    accumulates_by_masking = False

    def __init__(self, recorder: TorchRecorder) -> None:
        pass

    def before_clipping(self, gradients: List[Any]) -> Before:
        """As they were before the script clipped them, if it clipped all of them in one way."""
        origins = [clips.get(gradient) for gradient in gradients]
        before = [gradient if origin is None else origin.gradient for gradient, origin in zip(gradients, origins)]
        limits = {None if origin is None else origin.limit for origin in origins}
        norms = [None if origin is None else origin.norm for origin in origins]
        return Before(before, limits.pop() if len(limits) == 1 else None, norms)

    def is_traced(self, gradients: List[Any]) -> bool:
        return not tensorflow_ring.tensorflow().executing_eagerly()

    def in_force_in_graph(self, series: GraphSeries) -> Optional[InGraph]:
        return tensorflow_limit.in_force(series)

    def clipped(self, kind: str, before: Before, clipped: List[Any], limit: Any) -> List[Any]:
        return tensorflow_limit.clipped(kind, before, clipped, limit)

    def norms(self, tensors: List[Any]) -> Tuple[Any, Any]:
        return tensorflow_ring.norms(tensors)

    def loss_of(self, gradients: List[Any], accumulated: int) -> Optional[Any]:
        return losses.get(gradients[0])

    def leave(self, series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
        tensorflow_ring.leave(series, layout, scalars, layers)

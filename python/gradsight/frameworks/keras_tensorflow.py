"""Keras on TensorFlow: in a trainer, in a loop with a ``GradientTape``, and in a loop that is a ``tf.function``."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from . import tensorflow_ring
from .graph_series import GraphSeries, Layout
from .keras_limit import Before
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
        return Before(before, limits.pop() if len(limits) == 1 else None)

    def norms(self, tensors: List[Any]) -> Tuple[Any, Any]:
        return tensorflow_ring.norms(tensors)

    def loss_of(self, gradients: List[Any], accumulated: int) -> Optional[Any]:
        return losses.get(gradients[0])

    def leave(self, series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
        tensorflow_ring.leave(series, layout, scalars, layers)

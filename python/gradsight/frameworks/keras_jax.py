"""Keras on JAX: the step is traced once, and what is measured becomes part of it."""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

from . import jax_graph, jax_loss
from .graph_series import GraphSeries, Layout
from .keras_limit import Before
from .torch_recorder import TorchRecorder


class KerasJax:
    accumulates_by_masking = True

    def __init__(self, recorder: TorchRecorder) -> None:
        jax_graph.install(recorder)

    def before_clipping(self, gradients: List[Any]) -> Before:
        return Before(gradients, None)

    def is_traced(self, gradients: List[Any]) -> bool:
        return any(isinstance(gradient, jax_graph.jax().core.Tracer) for gradient in gradients)

    def in_force_in_graph(self, series: GraphSeries) -> None:
        """A limit would have to be an input of the step, or a callback that the device waits for."""
        return None

    def norms(self, tensors: List[Any]) -> Tuple[Any, Any]:
        return jax_graph.norms(tensors)

    def loss_of(self, gradients: List[Any], accumulated: int) -> Optional[Any]:
        return jax_loss.loss_of(gradients)

    def leave(self, series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
        jax_graph.leave(series, layout, scalars, layers)

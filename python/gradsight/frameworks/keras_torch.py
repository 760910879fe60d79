"""Keras on PyTorch, where every update is a call of Python. Its optimizers aren't PyTorch's, so no hook of those fires."""

from __future__ import annotations

from collections import deque
from typing import Any, Deque, List, Optional, Tuple

from ..metrics import gradient_norm
from .graph_series import GraphSeries, Layout
from .keras_limit import Before
from .torch_reading import Number, compiling, value_of
from .torch_recorder import TorchRecorder, torch

MOST_PASSES = 1024
"""Backward passes that are remembered until an update, where there ever is one."""


class KerasTorch:
    accumulates_by_masking = False

    def __init__(self, recorder: TorchRecorder) -> None:
        self._recorder = recorder
        self._losses: "Deque[Number]" = deque(maxlen=MOST_PASSES)
        recorder.hears_losses = self._losses.append

    def before_clipping(self, gradients: List[Any]) -> Before:
        return Before(gradients, None)

    def is_traced(self, gradients: List[Any]) -> bool:
        return compiling()

    def in_force_in_graph(self, series: GraphSeries) -> None:
        return None

    def norms(self, tensors: List[Any]) -> Tuple[Any, Any]:
        with torch().no_grad():
            norms = gradient_norm.measure(tensors)
        if norms is None:
            raise TypeError("gradients that are spread over processes")
        return norms.each, norms.total

    def loss_of(self, gradients: List[Any], accumulated: int) -> Optional[Any]:
        """The mean of what was differentiated since the last update."""
        losses = [loss for loss in map(value_of, self._losses) if loss is not None]
        self._losses.clear()
        return sum(losses) / accumulated if losses else None

    def leave(self, series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
        reader = self._recorder.reader
        numbers: List[Optional[Number]] = []
        for scalar in scalars:
            scalar = getattr(scalar, "value", scalar)
            numbers.append(reader.read(scalar) if hasattr(scalar, "device") else float(scalar))
        arriving = reader.copy(layers)

        def use() -> None:
            arrived = [*map(value_of, numbers), *arriving.tolist()]
            series.arrive(layout, lambda: arrived)

        reader.when_read(use)
        reader.poll()

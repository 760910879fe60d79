"""What a trial does to a training in Keras, Optax, TensorFlow or MLX: another threshold where it clips, or a clip where not.

Such a step may be compiled from a trace of it, with its threshold as a constant. That constant is replaced, so that what
is compiled is what the script would have had compiled with this number; so a threshold holds from the first step to the
last. A step that is compiled runs without Python: a trial ends by an exception in the main thread once its record shows
enough steps.
"""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import time
from typing import Dict, Optional

from .._series import Series
from .._session import Session
from .._trial import Trial, TrialFinished
from .graph_series import GraphSeries

AGAIN = 5.0
"""Seconds after which a training that still goes on is ended once more: a callback that is under way may swallow that."""


class GraphTrial:
    def __init__(self, trial: Trial, session: Session) -> None:
        self._trial = trial
        self._updates: Dict[str, int] = {}
        self._next_end = 0.0
        self._is_over = False
        trial.hears_rows = self._made
        session.before_close(self._script_has_ended)

    def of_function(self, function: str) -> Optional[float]:
        """The threshold in place of the one that the script gives to a function that clips by the global norm.

        Infinite: nothing is to be clipped; None: the script's own is in force.
        """
        plan = self._trial.plan
        threshold = None if plan.inserts else plan.threshold
        if threshold is not None and plan.series is not None:
            self._trial.refuse(f"{function} does not say for which of several optimizers it clips: try --series all.")
        return threshold

    def of_optimizer(self, series: Optional[GraphSeries]) -> Optional[float]:
        """The same for an optimizer that was told to clip by the global norm."""
        return self._trial.plan.threshold if series is not None and self._is_meant(series) else None

    def inserted(self, series: Optional[GraphSeries]) -> Optional[float]:
        """The finite threshold by which gradients are to be clipped before this optimizer's update; None: they are not."""
        threshold = self.of_optimizer(series) if self._trial.plan.inserts else None
        return threshold if threshold is not None and math.isfinite(threshold) else None

    def calls(self, function: str) -> None:
        """The script clips something by its global norm, which need not be what an optimizer gets."""
        self._trial.calls(function)

    def refuse(self, reason: str) -> None:
        """No threshold can be put in force in this script."""
        self._trial.refuse(reason)

    def _is_meant(self, series: Series) -> bool:
        return self._trial.plan.series in (None, series.id)

    def _made(self, series: Series, updates: int) -> None:
        """The sender's thread calls it."""
        if not isinstance(series, GraphSeries) or not self._is_meant(series):
            return
        if self._trial.device is None:
            self._trial.device = _device()
        made = self._updates[series.id] = self._updates.get(series.id, 0) + updates
        if made >= self._trial.plan.steps:
            self._end()

    def _end(self) -> None:
        now, thread = time.monotonic(), threading.main_thread().ident
        if self._is_over or now < self._next_end or thread is None:
            return
        self._next_end = now + AGAIN
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TrialFinished))

    def _script_has_ended(self) -> None:
        self._is_over = True


def _device() -> str:
    """What kind of device the frameworks that are loaded compute on. They have taken a step, and so chosen one."""
    jax, tensorflow, mlx = (sys.modules.get(name) for name in ("jax", "tensorflow", "mlx.core"))
    kinds = ["cpu"]
    if jax is not None:
        kinds.append(str(jax.default_backend()))
    if tensorflow is not None and tensorflow.config.list_logical_devices("GPU"):
        kinds.append("gpu")
    if mlx is not None and mlx.default_device().type != mlx.cpu:
        kinds.append("gpu")
    return next((kind for kind in kinds if kind != "cpu"), "cpu")

"""What live control does to a training in PyTorch: where the script clips, another threshold, from one step to the next.

The clip's own argument is replaced, as in a trial, so that the update is that of a script which had that number.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from .._control import Control, Override
from .torch_gradients import NONE
from .torch_limit import Arguments, limit_in, with_limit
from .torch_recorder import TorchRecorder
from .torch_series import TorchSeries


class TorchControl:
    def __init__(self, control: Control, recorder: TorchRecorder) -> None:
        self._control = control
        self._recorder = recorder
        self._scripts_own: Dict[str, float] = {}
        """The threshold that the script gave last, by series; not of one that is on a device."""

    def limit(self, parameters: Any, args: Tuple[Any, ...], kwargs: Dict[str, Any], name: str) -> Arguments:
        """The arguments of a clip of these parameters as they are to be; ``name``: of the limit among them."""
        found: Optional[Override] = None
        ids = tuple(map(id, parameters if isinstance(parameters, list) else [parameters]))
        for optimizer, gradients in self._recorder.all_gradients():
            owner = self._recorder.known_series(optimizer)
            if owner is None or gradients.coverage(optimizer, ids) == NONE:
                continue
            own = limit_in(args, kwargs, name)
            if isinstance(own, (int, float)):
                self._scripts_own[owner.series.id] = float(own)
            found = self._control.in_force.get(owner.series.id, found)
        return (args, kwargs) if found is None else with_limit(args, kwargs, name, found.limit)

    def made(self, owner: TorchSeries) -> None:
        """An update was made or skipped: what was asked for holds from the next one on."""
        for change in self._control.take_up(owner.series.id, owner.updates):
            own = self._scripts_own.get(owner.series.id)
            owner.threshold_was_set(owner.updates, *change.numbers(own), change.sentence)

"""``DataLoader``: where it begins, gives and ends, for the epochs of a loop of one's own (``torch_passes``)."""

from __future__ import annotations

import functools
from typing import Any

from .._guard import Guard
from .torch_recorder import TorchRecorder

_guard = Guard("recording epochs")


def install(module: Any, recorder: TorchRecorder) -> None:
    """``module`` is ``torch.utils.data.dataloader``."""
    begin = _guard(lambda loader, iterator: recorder.passes.begin(loader, iterator))
    advance = _guard(lambda iterator: recorder.passes.advance(iterator))
    end = _guard(lambda iterator: recorder.passes.end(iterator))
    iterate, take = module.DataLoader.__iter__, module._BaseDataLoaderIter.__next__

    @functools.wraps(iterate)
    def __iter__(self: Any) -> Any:
        iterator = iterate(self)
        begin(self, iterator)
        return iterator

    @functools.wraps(take)
    def __next__(self: Any) -> Any:
        try:
            batch = take(self)
        except StopIteration:
            end(self)
            raise
        advance(self)
        return batch

    module.DataLoader.__iter__ = __iter__
    module._BaseDataLoaderIter.__next__ = __next__

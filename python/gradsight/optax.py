"""Optax without callbacks: the norms of the last updates are kept in the optimizer's state, and recorded when it is shown.

What is recorded of Optax by itself leaves a compiled program by a callback, and JAX keeps no program with a callback in its
persistent compilation cache. A program with a ring is kept:

    optimizer = gradsight.optax.with_ring(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)))
    state = optimizer.init(params)
    ...
    if step % 100 == 99:
        gradsight.optax.record(optimizer, state)

Optax is the script's: nothing here imports it.
"""

from __future__ import annotations

from typing import TypeVar

__all__ = ["record", "with_ring"]

Transformation = TypeVar("Transformation")


def with_ring(transformation: Transformation, size: int = 256) -> Transformation:
    """The same transformation, whose state also holds the norms of the last ``size`` updates: 8 × ``size`` + 1 numbers.

    Updates are those of ``transformation``, bit by bit, under ``jit``, ``scan``, ``cond`` and ``pmap``. The state is another
    than without the ring: a checkpoint of the one is none of the other. Give ``optax.MultiSteps`` a transformation with a
    ring, not the other way round. The norms of single layers are not kept.
    """
    from .frameworks.optax_ring import with_ring

    made: Transformation = with_ring(transformation, size)
    return made


def record(transformation: object, state: object) -> None:
    """Records the updates that ``state`` has kept and that were not recorded yet. Does not wait for the device.

    ``transformation`` is what ``with_ring`` gave; ``state`` is its state, or a tree that holds it (of ``TrainState``, the
    ``opt_state``), outside of compiled functions. Call it at least once every ``size`` updates, and after the last; older
    updates are shown as a gap. After a checkpoint was restored, call it before the first update: what the process before
    has kept is then left out.
    """
    from .frameworks.optax_ring import show

    show(transformation, state)

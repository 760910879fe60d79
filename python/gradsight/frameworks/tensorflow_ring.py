"""Numbers out of a TensorFlow graph: each update writes a row into a variable of the graph, and the sender's thread reads it.

A call of Python from the graph would do the same, but not from a graph that XLA compiles, as Keras has it by default.
"""

from __future__ import annotations

import sys
import threading
import weakref
from typing import Any, Callable, Dict, List, Sequence, Tuple

from .graph_series import GraphSeries, Layout

MOST_SLOTS, FEWEST_SLOTS, MOST_NUMBERS = 1024, 32, 65_536
"""Updates that a ring holds between two looks at it, some ten a second; of wide rows it holds fewer."""

ROUND = 2**20
"""Rows are numbered anew after so many, so that single precision holds the number."""


def tensorflow() -> Any:
    return sys.modules["tensorflow"]


class Ring:
    """Variables [slots, 1 + numbers], one for each layout. The first column is the update's number plus one, 0 while empty."""

    def __init__(self, series: GraphSeries) -> None:
        self._series = series
        self._rows: Dict[Layout, Any] = {}
        self._count = made_outside(lambda tf: tf.Variable(0, dtype=tf.int32, trainable=False, name="gradsight_count"))
        self._read = 0
        series.collect_from(self.collect, self.since)

    def write(self, layout: Layout, vector: Any) -> None:
        """Makes this part of the graph that is being traced."""
        tf = tensorflow()
        rows = self._rows.get(layout)
        if rows is None:
            width = 1 + len(layout.fields) + len(layout.layers)
            slots = max(FEWEST_SLOTS, min(MOST_SLOTS, MOST_NUMBERS // width))
            rows = made_outside(lambda tf: tf.Variable(tf.zeros([slots, width]), trainable=False, name="gradsight_rows"))
            self._rows = {**self._rows, layout: rows}
        count = tf.identity(self._count)
        row = tf.concat([tf.cast(count + 1, tf.float32)[tf.newaxis], vector], axis=0)
        with tf.control_dependencies([row]):
            rows.scatter_nd_update([[count % int(rows.shape[0])]], row[tf.newaxis])
            self._count.assign((count + 1) % ROUND)

    def collect(self) -> None:
        """Hands on the rows that are new since the last time. The sender's thread calls it."""
        ahead = self._ahead()
        if ahead and len(self._rows) > 1:  # one may have been read just before, another just after an update
            last = max(ahead)
            ahead = {distance: row for distance, row in self._ahead().items() if distance <= last}
        taken = 0
        for distance in sorted(ahead):
            if distance > taken:
                self._series.missed(distance - taken)
            self._series.collected(*ahead[distance])
            taken = distance + 1
        self._read = (self._read + taken) % ROUND

    def since(self) -> Callable[[], int]:
        """See ``GraphSeries.collect_from``. It waits for the updates that are under way: what marks an epoch or saves
        the weights has waited for them already."""
        count = int(self._count.numpy())
        return lambda: (self._read - count + ROUND // 2) % ROUND - ROUND // 2

    def _ahead(self) -> Dict[int, Tuple[Layout, List[float]]]:
        """Rows by how far they are ahead of what has been read."""
        found: Dict[int, Tuple[Layout, List[float]]] = {}
        for layout, variable in self._rows.items():
            for row in variable.numpy().tolist():
                distance = (int(row[0]) - 1 - self._read) % ROUND
                if row[0] and distance < ROUND // 2:
                    found[distance] = layout, row[1:]
        return found


def made_outside(make: Callable[[Any], Any]) -> Any:
    """A variable. A function that is being traced refuses new ones, or takes them for its own: in its thread alone."""
    made: List[Any] = []
    maker = threading.Thread(target=lambda: made.append(make(tensorflow())))
    maker.start()
    maker.join()
    return made[0]


_rings: "weakref.WeakKeyDictionary[GraphSeries, Ring]" = weakref.WeakKeyDictionary()


def norms(tensors: Sequence[Any]) -> Tuple[Any, Any]:
    """The 2-norm of each tensor, as one vector, and of all together, in single precision; sparse ones as dense ones."""
    tf = tensorflow()
    squares = tf.stack([tf.reduce_sum(tf.square(tf.abs(_single(tf.convert_to_tensor(tensor))))) for tensor in tensors])
    return tf.sqrt(squares), tf.sqrt(tf.reduce_sum(squares))


def _single(tensor: Any) -> Any:
    tf = tensorflow()
    return tf.cast(tensor, tf.complex64 if tensor.dtype.is_complex else tf.float32)


def leave(series: GraphSeries, layout: Layout, scalars: List[Any], layers: Any) -> None:
    """Sends the numbers of one update on their way; ``layers`` is a vector."""
    tf = tensorflow()
    if tf.distribute.has_strategy():
        raise NotImplementedError("under a tf.distribute strategy")
    numbers = [tf.reshape(tf.cast(tf.convert_to_tensor(scalar), tf.float32), []) for scalar in scalars]
    vector = tf.concat([tf.stack(numbers), layers], axis=0)
    if tf.executing_eagerly():
        series.arrive(layout, lambda: vector.numpy().tolist())
        return
    ring = _rings.get(series)
    if ring is None:
        ring = _rings[series] = Ring(series)
    ring.write(layout, vector)

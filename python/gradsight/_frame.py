"""Telemetry frames: columns of numbers in the safetensors layout, as ``protocol/frame.ts`` defines it."""

from __future__ import annotations

import json
import sys
from array import array
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

ITEM_SIZE = {"I64": 8, "F64": 8, "U32": 4, "F32": 4, "U8": 1}
_TYPECODE = {"I64": "q", "F64": "d", "U32": "I", "F32": "f", "U8": "B"}


class Column(NamedTuple):
    dtype: str
    shape: Tuple[int, ...]
    data: bytes


def column(dtype: str, values: "Sequence[float] | array[float]", shape: Sequence[int] = ()) -> Column:
    """Packs numbers as a little-endian column; ``shape`` defaults to one dimension."""
    packed = array(_TYPECODE[dtype], values)
    if sys.byteorder == "big":
        packed.byteswap()
    return Column(dtype, tuple(shape) or (len(packed),), packed.tobytes())


def encode_frame(columns: Mapping[str, Column], metadata: Mapping[str, str]) -> bytes:
    """Encodes a frame. Columns go out by element size, largest first, so that each is aligned."""
    header: Dict[str, object] = {"__metadata__": dict(metadata)}
    ordered = sorted(columns.items(), key=lambda item: -ITEM_SIZE[item[1].dtype])
    offset = 0
    for name, (dtype, shape, data) in ordered:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *(data for _, (_, _, data) in ordered)])


def decode_frame(frame: bytes) -> Tuple[Dict[str, str], Dict[str, Column]]:
    """The metadata and the columns of a frame. Raises ValueError where it isn't one."""
    length = int.from_bytes(frame[:8], "little")
    body = 8 + length
    if len(frame) < 8 or body > len(frame):
        raise ValueError("cut off")
    header: Any = json.loads(frame[8:body].decode("utf-8"))
    try:
        metadata = {str(key): str(value) for key, value in header.pop("__metadata__", {}).items()}
        columns = {name: _decoded(described, frame, body) for name, described in header.items()}
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"malformed header: {error}") from error
    return metadata, columns


def _decoded(described: Any, frame: bytes, body: int) -> Column:
    dtype, shape = described["dtype"], tuple(described["shape"])
    start, end = described["data_offsets"]
    data = frame[body + start : body + end]
    count = 1
    for dimension in shape:
        count *= dimension
    if start < 0 or end < start or len(data) != end - start or count * ITEM_SIZE[dtype] != len(data):
        raise ValueError("the shape doesn't fit the data")
    return Column(dtype, shape, data)


def numbers(packed: Column) -> List[float]:
    """The numbers of a column, in one row."""
    values: "array[float]" = array(_TYPECODE[packed.dtype])
    values.frombytes(packed.data)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tolist()

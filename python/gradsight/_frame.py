"""Telemetry frames: columns of numbers in the safetensors layout, as ``protocol/frame.ts`` defines it."""

from __future__ import annotations

import json
import sys
from array import array
from typing import Dict, Mapping, NamedTuple, Sequence, Tuple

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

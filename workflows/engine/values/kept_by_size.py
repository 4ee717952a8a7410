"""What is kept in the process because it is dear to make, bounded by how much memory it takes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock


class KeptBySize[Key: Hashable, Value]:
    """The things used last, as many as fit; each comes with its size in bytes, an estimate.

    What alone is larger than everything that may be kept is made, and not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get_or_make(self, key: Key, make: Callable[[], tuple[Value, int]]) -> Value:
        """What is kept under the key, or what `make` gives with its size."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found[0]
        value, size = make()
        self._keep(key, value, size)
        return value

    def _keep(self, key: Key, value: Value, size: int) -> None:
        with self._lock:
            if key in self._kept or size > self.most_bytes:
                return
            self._kept[key] = (value, size)
            self.bytes += size
            while self.bytes > self.most_bytes:
                _key, (_value, freed) = self._kept.popitem(last=False)
                self.bytes -= freed

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

"""The process that reads one file: what to do in the first line of its input, the file behind it, JSON as answer."""

import resource
import sys

from gis.layers import wire
from gis.layers.model import LayerError
from gis.layers.reading import read_layer

MEMORY_BYTES = 1_500 << 20
CPU_S = 40


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    line, _, content = sys.stdin.buffer.read().partition(b"\n")
    wish, limits, name = wire.heard(line.decode())
    try:
        answer = wire.packed(read_layer(content, name=name, wish=wish, limits=limits))
    except LayerError as error:
        answer = wire.packed_error(error)
    except (MemoryError, RecursionError):
        answer = wire.packed_error(too_heavy())
    sys.stdout.buffer.write(answer)


def too_heavy() -> LayerError:
    return LayerError("too_heavy", "the file takes too much memory or time; simplify the outlines or divide the file")

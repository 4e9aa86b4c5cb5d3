"""The numbers that stand in for weights and images: both sides compute them, so that files of figures stay small."""

import math

import numpy

FORMULA = (
    "element i (row-major, PyTorch's layout) of the tensor with key k, in uint32: h = (i ^ fnv1a(k)) * 0x9e3779b1; "
    "h ^= h >> 15; h *= 0x85ebca77; h ^= h >> 13; u = h / 2^31 - 1. Kernels: gain sqrt(6 / fanIn) u; running_var: "
    "1 + u / 2; weights of batch normalization: 1 + u / 5, of bn3 a fifth of it; biases named bn.bias: 2 + u / 10; all else: "
    "u / 10. Images: "
    "u with key 'images', or that of the step, layout NHWC. "
    "All rounded to float32."
)
IMAGE = 64
CLASSES = 10


def uniform(key, shape):
    """Numbers on [-1, 1)."""
    seed = 0x811C9DC5
    for byte in key.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    h = numpy.arange(math.prod(shape), dtype=numpy.uint32) ^ numpy.uint32(seed)
    h *= numpy.uint32(0x9E3779B1)
    h ^= h >> numpy.uint32(15)
    h *= numpy.uint32(0x85EBCA77)
    h ^= h >> numpy.uint32(13)
    return (h / 2**31 - 1).reshape(shape)


def value(key, shape, gain):
    u = uniform(key, shape)
    if len(shape) >= 2:
        return gain * math.sqrt(6 / math.prod(shape[1:])) * u
    if key.endswith("running_var"):
        return 1 + u / 2
    if not key.endswith("weight"):
        # The many ReLUs of GoogLeNet are mostly on, or some value would always lie at a kink.
        return u / 10 + (2 if key.endswith(".bn.bias") else 0)
    # As in trained nets, what a bottleneck adds is small: otherwise a hundred layers amplify rounding to what is seen.
    return (1 + u / 5) / (5 if key.endswith("bn3.weight") else 1)


def pixels(count, key="images", size=IMAGE):
    """Images [count, size, size, 3]."""
    return uniform(key, (count, size, size, 3)).astype(numpy.float32)


def numbers(values):
    return [float(f"{value:.9g}") for value in values]

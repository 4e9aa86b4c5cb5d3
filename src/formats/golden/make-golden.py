"""Makes the golden files beside it. Recorded with Python 3.11, numpy 2.4.6 and safetensors 0.8.0:

    pip install numpy==2.4.6 safetensors==0.8.0
    python src/formats/golden/make-golden.py

No random numbers: every value can be told from its index. The tests hold that Fovea reads these files, and that it
writes the same bytes where it writes their types.
"""

import json
import struct
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from safetensors import numpy as st

here = Path(__file__).parent


def values(dtype):
    return (np.arange(6).reshape(2, 3) * 3 - 4).astype(dtype)


arrays = {
    "f4": values("<f4") / 4,
    "f8": values("<f8") / 3,
    "i4": values("<i4"),
    "i8": values("<i8") * 1000,
    "u1": np.arange(0, 240, 10, dtype="|u1").reshape(2, 3, 4, 1),
    "f2": np.array([0.0, -0.5, 65504.0, 6e-8, np.inf, -np.inf], "<f2"),
    "b1": np.array([True, False, True]),
    "u4": np.array([0, 2**32 - 1], "<u4"),
    "scalar": np.array(2.5, "<f4"),
    "vector": np.arange(5, dtype="<i4"),
    "empty": np.zeros((0, 3), "<f4"),
}
for name, array in arrays.items():
    np.save(here / f"{name}.npy", array)
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)))
for version in [(2, 0), (3, 0)]:
    with open(here / f"version{version[0]}.npy", "wb") as file:
        npy.write_array(file, arrays["f4"], version=version)
np.save(here / "big-endian.npy", arrays["f4"].astype(">f4"))
np.save(here / "complex.npy", np.array([1j], "<c8"))

tensors = {
    "layer1.0.conv1.weight": np.arange(12, dtype="<f4").reshape(1, 2, 2, 3) / 8,
    "a.double": values("<f8") / 3,
    "b.integers": values("<i4"),
    "c.pixels": np.arange(5, dtype="|u1"),
    "d.unsigned": np.array([0, 2**32 - 1], "<u4"),
    "scalar": np.array(2.5, "<f4"),
    "empty": np.zeros((0, 3), "<f4"),
}
(here / "plain.safetensors").write_bytes(st.save(tensors, {"format": "np"}))
others = {
    "batches": np.array(1234567, "<i8"),
    "half": arrays["f2"],
    "flag": arrays["b1"],
    "small": np.array([-128, 127], "|i1"),
    "short": np.array([-32768, 32767], "<i2"),
    "ushort": np.array([0, 65535], "<u2"),
    "ulong": np.array([7, 2**31 - 1], "<u8"),
}
(here / "others.safetensors").write_bytes(st.save(others))
# NumPy has no bfloat16: written by hand, 1.5, -2 and infinity as the upper halves of their float32 bits.
header = json.dumps({"bf": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
header += b" " * (-len(header) % 8)
(here / "bfloat16.safetensors").write_bytes(
    struct.pack("<Q", len(header)) + header + struct.pack("<3H", 0x3FC0, 0xC000, 0x7F80)
)

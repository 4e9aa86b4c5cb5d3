"""Makes src/formats/hdf5/golden/*.h5: what h5py 3.14 writes, in every form that the reader knows or must refuse.

    python scripts/golden/hdf5.py

with a Python that has h5py 3.14, numpy 2.4 and ml_dtypes 0.6. No random numbers: element i of a data set is 3 i - 4, or
what is said below, so the tests need no second file.
"""

import pathlib

import h5py
import ml_dtypes
import numpy as np

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "formats" / "hdf5" / "golden"


def values(dtype, shape=(2, 3)):
    return (np.arange(np.prod(shape)).reshape(shape) * 3 - 4).astype(dtype)


def attributes(group):
    group.attrs["text"] = "ümlaut"
    group.attrs["texts"] = ["one", "two and more"]
    group.attrs["fixed"] = np.array([b"conv1", b"b"])
    group.attrs["fixed text"] = np.bytes_(b"abc")
    group.attrs["none"] = np.array([])
    group.attrs["number"] = 7


def plain():
    with h5py.File(OUT / "plain.h5", "w") as file:
        attributes(file)
        file.attrs["long"] = "0123456789" * 100
        numbers = file.create_group("numbers")
        for dtype in ["<f4", "<f8", "<f2", "<i1", "<i2", "<i4", "<i8", ">f4", ">i4"]:
            numbers[dtype] = values(dtype)
        for dtype in ["<u1", "<u2", "<u4", "<u8"]:
            numbers[dtype] = np.arange(6).reshape(2, 3).astype(dtype)
        numbers["bool"] = np.array([True, False, True])
        numbers["bf16"] = values(ml_dtypes.bfloat16)
        numbers["bf16"].attrs["dtype"] = "bfloat16"
        numbers["scalar"] = np.float32(2.5)
        numbers["empty"] = np.zeros((0, 3), "<f4")
        numbers["null"] = h5py.Empty("f4")
        numbers.create_dataset("unwritten", (2, 2), "f4")
        chunks = file.create_group("chunks")
        chunks.create_dataset("plain", data=values("<f4", (5, 7)), chunks=(2, 3))
        chunks.create_dataset("gzip", data=values("<f4", (5, 7)), chunks=(2, 3), compression="gzip")
        chunks.create_dataset("all", data=values("<f4", (5, 7)), chunks=(5, 4), compression="gzip", shuffle=True, fletcher32=True)
        chunks.create_dataset("cube", data=values("<i4", (3, 4, 5)), chunks=(2, 3, 2), shuffle=True)
        unwritten = chunks.create_dataset("unwritten", (4,), "f4", chunks=(2,))
        unwritten[2:] = [1, 2]
        deep = file.create_group("a/b/c")
        deep["d"] = values("<f4")
        many = file.create_group("many")
        for index in range(40):
            many.create_group(f"g{index:02}")


def newer():
    """Object headers of the second version, links as messages, the fourth version of layouts."""
    with h5py.File(OUT / "newer.h5", "w", libver="latest", track_order=True) as file:
        attributes(file)
        file["x"] = values("<f4")
        file.create_group("group/inner")["y"] = values("<i4")


def refused():
    with h5py.File(OUT / "refused.h5", "w") as file:
        file["x"] = values("<f4")
        file["soft"] = h5py.SoftLink("/x")
        # A group of its own: links to other files turn a group into one of the newer form.
        file.create_group("out")["external"] = h5py.ExternalLink("other.h5", "/x")
        file.create_dataset("elsewhere", (2,), "f4", external=[("other.bin", 0, 8)])
        file["texts"] = ["a", "b"]
        file["complex"] = np.zeros(2, "c8")
        file["half void"] = np.zeros(2, "V2")
        file["half void"].attrs["dtype"] = "float8_x"
        file.create_dataset("lzf", data=values("<f4"), chunks=(2, 3), compression="lzf")
        file["named"] = np.dtype("f4")
        file.create_dataset("shared", (2,), dtype=file["named"])
    with h5py.File(OUT / "refused-newer.h5", "w", libver="latest") as file:
        layout = h5py.VirtualLayout((2, 3), "f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", (2, 3))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("chunked", data=values("<f4"), chunks=(1, 3))
        dense = file.create_group("dense")
        for index in range(20):
            dense.create_group(f"g{index}")
        crowd = file.create_group("crowd")
        for index in range(20):
            crowd.attrs[f"a{index}"] = "x"
        crowd.create_group("inner")


def maze():
    """Groups that each lead to the next by two names: 2 to the 50th paths in 8 kB."""
    with h5py.File(OUT / "maze.h5", "w", libver="latest") as file:
        group = file.create_group(None)
        for _ in range(50):
            outer = file.create_group(None)
            outer["a"] = group
            outer["b"] = group
            group = outer
        file["layers"] = group


OUT.mkdir(exist_ok=True)
maze()
plain()
newer()
refused()

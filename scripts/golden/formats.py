"""Makes the PyTorch files in src/formats/golden/, and checks with PyTorch and Keras the files that Fovea has written there.

Run from the repository's root with a Python that has torch 2.13, numpy and safetensors:

    python scripts/golden/formats.py
    python scripts/golden/formats.py --keras      with one that has keras 3.15: checks alone, makes nothing

No random numbers: every value can be told from its index. Files of the older layout hold addresses in memory as the keys of
their storages, so their bytes are other ones in each run.
"""

import collections
import io
import pathlib
import pickle
import struct
import sys
import tarfile
import zipfile

import numpy

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "formats" / "golden"


def written_values():
    """What src/formats/writers.test.ts writes as written.safetensors and written.npz."""
    return {
        "conv.weight": numpy.arange(36, dtype="float32").reshape(2, 3, 3, 2) / 8,
        "conv.bias": numpy.array([0.5, -0.5], "float32"),
        "steps": numpy.array(7, "int32"),
        "mask": numpy.array([0, 1, 255], "uint8"),
        "double": numpy.array([[1 / 3]], "float64"),
    }


def check_written(load):
    found = load()
    for name, value in written_values().items():
        array = numpy.asarray(found[name])
        assert array.dtype == value.dtype and array.shape == value.shape and (array == value).all(), name
    assert len(found) == len(written_values())


def check_with_torch():
    import safetensors.torch

    check_written(lambda: safetensors.torch.load_file(OUT / "written.safetensors"))
    with safetensors.safe_open(OUT / "written.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}
    check_written(lambda: dict(numpy.load(OUT / "written.npz")))


def check_with_keras():
    """With the loaders that Keras's checkpoints in this format are read by: NumPy's and TensorFlow's."""
    import keras
    import safetensors.numpy
    import safetensors.tensorflow

    for load in (safetensors.numpy.load_file, safetensors.tensorflow.load_file):
        check_written(lambda: load(OUT / "written.safetensors"))
        found = load(OUT / "written.safetensors")
        layer = keras.layers.Conv2D(2, (2, 3))
        layer.build((None, 8, 8, 3))
        layer.set_weights([found["conv.weight"], found["conv.bias"]])
        assert (layer.get_weights()[0] == written_values()["conv.weight"]).all()


def make_files():
    import torch

    def numbers(*shape, dtype=torch.float32):
        count = 1
        for size in shape:
            count *= size
        return (torch.arange(count) / 4 - 1).reshape(shape).to(dtype)

    # All that may be in a state dict: types, views, shared storages, a parameter, an empty tensor and a scalar.
    base = numbers(4, 6)
    state = collections.OrderedDict(
        [
            ("conv.weight", numbers(2, 3, 2, 2)),
            ("conv.bias", torch.nn.Parameter(numbers(2))),
            ("half", numbers(3, dtype=torch.float16)),
            ("bfloat", numbers(3, dtype=torch.bfloat16)),
            ("double", numbers(2, dtype=torch.float64) / 3),
            ("long", torch.tensor([-1, 2**31 - 1])),
            ("int", torch.tensor([-5, 6], dtype=torch.int32)),
            ("short", torch.tensor([-32768, 32767], dtype=torch.int16)),
            ("char", torch.tensor([-128, 127], dtype=torch.int8)),
            ("byte", torch.tensor([0, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False])),
            ("num_batches_tracked", torch.tensor(1234567)),
            ("base", base),
            ("transposed", base.t()),
            ("rows", base[1:3]),
            ("columns", base[:, 1::2]),
            ("overlapping", base.as_strided((3, 4), (1, 2), 5)),
            ("repeated", torch.tensor([0.5]).expand(2, 3)),
            ("permuted", numbers(2, 3, 4).permute(2, 0, 1)),
            ("empty", torch.zeros(0, 3)),
        ]
    )
    state._metadata = collections.OrderedDict(conv={"version": 1})
    torch.save(state, OUT / "zip.pth")
    torch.save(state, OUT / "legacy.pth", _use_new_zipfile_serialization=False)

    small = collections.OrderedDict([("w", numbers(2, 3).t()), ("n", torch.tensor([1, 2]))])
    torch.save(small, OUT / "protocol5.pth", pickle_protocol=5)
    torch.save(small, OUT / "protocol4-legacy.pth", pickle_protocol=4, _use_new_zipfile_serialization=False)
    # Types without a storage class of their own are described in another manner.
    torch.save({"u16": torch.tensor([1, 65535], dtype=torch.uint16)}, OUT / "untyped.pth")
    torch.save({"f8": torch.zeros(2, dtype=torch.float8_e4m3fn)}, OUT / "float8.pth")
    torch.save({"q": torch.eye(2).to_sparse(), "w": numbers(2)}, OUT / "sparse.pth")
    attributed = torch.nn.Parameter(numbers(2))
    attributed.note = "kept beside"
    torch.save({"p": attributed, "t": numbers(2).as_subclass(torch.nn.Buffer)}, OUT / "attributes.pth")

    # A training checkpoint: the state dict of a wrapped model beside all kinds of things.
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(numbers(*value.shape).to(value.dtype))
    optimizer = torch.optim.Adam(model.parameters())
    model(numbers(3, 2)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(numbers(*value.shape).to(value.dtype))
    checkpoint = {
        "epoch": 3,
        "arch": "tiny",
        "state_dict": collections.OrderedDict((f"module.{k}", v) for k, v in model.state_dict().items()),
        "optimizer": optimizer.state_dict(),
        "best": numpy.float64(0.75),
        "curve": numpy.arange(3.0),
        "sizes": torch.Size([1, 2]),
        "big": 2**80,
        "loss": torch.tensor(0.25),
    }
    torch.save(checkpoint, OUT / "checkpoint.pth")

    # Whole modules, as they should not be saved.
    module = torch.nn.Linear(1, 1)
    with torch.no_grad():
        module.weight.fill_(1)
        module.bias.fill_(2)
    torch.save(module, OUT / "module.pth")
    # The older layout holds the source of each class and the path of its file, which are nobody's business.
    torch.serialization.get_source_lines_and_file = lambda *_: (["class Linear: ...\n"], 1, "linear.py")
    torch.save(module, OUT / "module-legacy.pth", _use_new_zipfile_serialization=False)

    make_big_endian(small)
    make_tar(small)
    for name in ("zip", "legacy", "checkpoint", "big-endian", "tar"):
        loaded = torch.load(OUT / f"{name}.pth", weights_only=False)
        if name in ("big-endian", "tar"):
            for key, value in small.items():
                assert torch.equal(loaded[key], value), (name, key)


def make_big_endian(state):
    """As PyTorch writes on a big-endian machine: the archive of this one with its storages turned around."""
    import torch

    buffer = io.BytesIO()
    torch.save(state, buffer)
    source = zipfile.ZipFile(buffer)
    sizes = {"archive/data/0": "f4", "archive/data/1": "i8"}
    with zipfile.ZipFile(OUT / "big-endian.pth", "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "archive/byteorder":
                content = b"big"
            if name in sizes:
                content = numpy.frombuffer(content, f"<{sizes[name]}").astype(f">{sizes[name]}").tobytes()
            target.writestr(zipfile.ZipInfo(name), content)


def make_tar(state):
    """The layout of before 0.1.10, which PyTorch still reads and no longer writes. `w` looks at a part of a storage."""
    import torch

    def dump(*values):
        return b"".join(pickle.dumps(value, 2) for value in values)

    def int64(*values):
        return struct.pack(f"<{len(values)}q", *values)

    def storage_of(tensor, extra):
        return int64(tensor.numel() + extra) + bytes(extra * tensor.element_size()) + (
            tensor.flatten().numpy().tobytes()
        )

    w, n = state["w"], state["n"]
    storages = dump(2, (11, "cpu", torch.FloatStorage)) + storage_of(w.t().contiguous(), 2)
    storages += dump((12, "cpu", torch.LongStorage)) + storage_of(n, 0) + dump([(13, 11, 2, 6)])
    tensors = dump(2)
    for key, storage, tensor in ((21, 13, w), (22, 12, n)):
        tensors += dump((key, storage, type(tensor).__name__)) + struct.pack("<ii", tensor.dim(), 0)
        tensors += int64(*tensor.shape) + int64(*tensor.stride()) + int64(0)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return {id(w): "21", id(n): "22"}.get(id(value))

    value = io.BytesIO()
    Pickler(value, 2).dump(state)
    with tarfile.open(OUT / "tar.pth", "w:", format=tarfile.PAX_FORMAT) as tar:
        for name, content in (("storages", storages), ("tensors", tensors), ("pickle", value.getvalue())):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


if __name__ == "__main__":
    if "--keras" in sys.argv:
        check_with_keras()
    else:
        make_files()
        check_with_torch()

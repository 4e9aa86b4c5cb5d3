"""Saves networks of keras.applications, and what they compute, for src/interop/keras/applications.slow.ts:

    python scripts/golden/keras-applications.py FOLDER
    FOVEA_KERAS_APPLICATIONS=FOLDER npx vitest run --project slow src/interop/keras/applications.slow.ts

with a Python that has keras 3.15.1 and tensorflow-cpu 2.21. The files have 800 MB together, so they are not kept. Weights
are random, with statistics and factors of normalizations away from 0 and 1.
"""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import applications as A

OUT = pathlib.Path(sys.argv[1])
SMALL = {"input_shape": (64, 64, 3), "weights": None, "classes": 10}
LARGE = {"input_shape": (96, 96, 3), "weights": None, "classes": 10}
NETS = {
    "mobilenet": lambda: A.MobileNet(alpha=0.25, **SMALL),
    "mobilenet-v2": lambda: A.MobileNetV2(alpha=0.35, **SMALL),
    "mobilenet-v3-small": lambda: A.MobileNetV3Small(**SMALL),
    "efficientnet-b0": lambda: A.EfficientNetB0(**SMALL),
    "efficientnet-v2-b0": lambda: A.EfficientNetV2B0(**SMALL),
    "resnet50": lambda: A.ResNet50(**SMALL),
    "resnet50-v2": lambda: A.ResNet50V2(**SMALL),
    "densenet121": lambda: A.DenseNet121(**SMALL),
    "inception-v3": lambda: A.InceptionV3(**LARGE),
    "inception-resnet-v2": lambda: A.InceptionResNetV2(**LARGE),
    "xception": lambda: A.Xception(**LARGE),
    "nasnet-mobile": lambda: A.NASNetMobile(**SMALL),
}


def draw(shape, seed):
    """((7919 i + 331 seed) mod 1009) / 504 - 1 for element i."""
    index = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((index * 7919 + seed * 331) % 1009) / 504 - 1).reshape(shape).astype("float32")


OUT.mkdir(parents=True, exist_ok=True)
for name, make in NETS.items():
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    model = make()
    random = np.random.default_rng(0)
    for variable in model.weights:
        if "moving_mean" in variable.path:
            variable.assign(random.normal(size=variable.shape) * 0.05)
        elif "moving_variance" in variable.path or variable.path.endswith("gamma"):
            variable.assign(random.uniform(0.8, 1.2, size=variable.shape))
    model.save(OUT / f"{name}.keras")
    images = draw((1, *model.input_shape[1:]), 0)
    values = model(images, training=False).numpy().reshape(-1)
    (OUT / f"{name}.json").write_text(json.dumps({"input": images.shape, "values": values.tolist()}))
    print(name, flush=True)

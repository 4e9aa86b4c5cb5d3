"""What the kinds of work share: reading files of a case's folder, and a stopwatch."""

import os
import time

import numpy
import torch


def read(folder, name, dtype, shape):
    values = numpy.fromfile(os.path.join(folder, name), dtype)
    return torch.from_numpy(values.reshape(shape))


class Work:
    """A case, made ready. Subclasses have `run`, one run that counts, and `outputs`, a float32 array to compare."""

    # Gradients are worked out by hand (layers) or not at all (inference), except in training steps.
    gradients = False

    def time(self, runs, warm_up):
        """Milliseconds a run."""
        with torch.set_grad_enabled(self.gradients):
            for _ in range(warm_up):
                self.run()
            begin = time.perf_counter()
            for _ in range(runs):
                self.run()
            return (time.perf_counter() - begin) / runs * 1e3

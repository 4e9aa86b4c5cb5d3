"""PyTorch's side of the bench: `python main.py THREADS`.

Reads one JSON request a line from standard input and answers each with one JSON line, as sides/serve.mjs does. There are
several candidates for a case, memory formats and optimizers; the first is PyTorch as it comes. "prepare" takes one by
its index, "scout" measures one.
"""

import gc
import json
import sys

import torch

from layer import Layer
from net import Inference, Training

# How long a round of a candidate takes in the search for the fastest, and how many rounds there are.
SCOUT_MILLISECONDS, SCOUT_ROUNDS = 300, 2


def resident(field):
    """Bytes of this process in memory (VmRSS), or the most since the last reset (VmHWM); None where /proc is missing."""
    try:
        with open("/proc/self/status") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith(field))
    except OSError:
        return None


def reset_peak():
    gc.collect()
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def candidates(case):
    """Memory formats, and for training steps optimizers, to choose from; the first is PyTorch as it comes."""
    fused = (False, True) if case["kind"] == "training" else (False,)
    return [(channels_last, one) for channels_last in (False, True) for one in fused]


def name_of(case, channels_last, fused):
    layout = "channels_last" if channels_last else "contiguous"
    return f"{layout}, {'fused' if fused else 'default'} optimizer" if case["kind"] == "training" else layout


def make(case, folder, candidate):
    kinds = {"layer": Layer, "inference": Inference, "training": Training}
    return kinds[case["kind"]](case, folder, *candidate)


class Desk:
    """Answers requests; `work` is the case at hand."""

    def __init__(self):
        self.work = None
        self.baseline = None

    def scout(self, request):
        """The least time a run of a candidate, and how many candidates there are. One is in memory at a time."""
        choices = candidates(request["case"])
        self.work = None
        gc.collect()
        self.work = make(request["case"], request["folder"], choices[request["candidate"]])
        # The first runs choose among oneDNN's kernels and fill its caches.
        estimate = self.work.time(1, 1)
        runs = max(1, min(50, int(SCOUT_MILLISECONDS / estimate)))
        best = min(estimate, *(self.work.time(runs, 0) for _ in range(SCOUT_ROUNDS)))
        self.work = None
        return {"milliseconds": best, "candidates": len(choices)}

    def prepare(self, request):
        case, folder = request["case"], request["folder"]
        self.work = None
        candidate = candidates(case)[request.get("candidate", 0)]
        reset_peak()
        self.baseline = resident("VmRSS")
        self.work = make(case, folder, candidate)
        if request["outputs"] is not None:
            self.work.outputs().tofile(request["outputs"])
        reset_peak()
        return {"setting": name_of(case, *candidate)}

    def time(self, request):
        return {"milliseconds": self.work.time(request["runs"], request["warmUp"])}

    def peak(self, _):
        peak = resident("VmHWM")
        return {"bytes": None if peak is None else peak - self.baseline}


def main():
    torch.set_num_threads(int(sys.argv[1]))
    about = {
        "name": f"PyTorch {torch.__version__}",
        "threads": torch.get_num_threads(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "notes": [],
    }
    print(json.dumps(about), flush=True)
    desk = Desk()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(desk, request["do"])(request)
        except Exception as error:  # Whatever went wrong is the answer: the bench names it and goes on.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()

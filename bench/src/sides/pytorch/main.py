"""PyTorch's side of the bench: `python main.py THREADS SETTING`, SETTING being "default" or "fastest".

Reads one JSON request a line from standard input and answers each with one JSON line, as sides/serve.mjs does.
"default" is PyTorch as it comes: contiguous tensors, the default optimizer. "fastest" tries its memory formats and
optimizers on each case first and takes the best.
"""

import gc
import json
import sys

import torch

from layer import Layer
from net import Inference, Training

# Runs of a candidate in each round of the search for the fastest, and rounds.
SCOUT_RUNS, SCOUT_ROUNDS = 3, 3


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


def fastest(case, folder):
    """The candidate with the least time a run; each is made, timed and dropped, so that one is in memory at a time."""
    times = {}
    for candidate in candidates(case):
        work = make(case, folder, candidate)
        work.time(1, 1)
        runs = max(1, min(50, int(SCOUT_RUNS * 50 / work.time(SCOUT_RUNS, 0))))
        times[candidate] = min(work.time(runs, 0) for _ in range(SCOUT_ROUNDS))
        del work
        gc.collect()
    return min(times, key=times.get)


class Desk:
    """Answers requests; `work` is the case at hand."""

    def __init__(self, search):
        self.search = search
        self.work = None
        self.baseline = None

    def prepare(self, request):
        case, folder = request["case"], request["folder"]
        self.work = None
        candidate = fastest(case, folder) if self.search else candidates(case)[0]
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
    threads, setting = sys.argv[1:]
    torch.set_num_threads(int(threads))
    about = {
        "name": f"PyTorch {torch.__version__}",
        "threads": torch.get_num_threads(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "notes": [],
    }
    print(json.dumps(about), flush=True)
    desk = Desk(search=setting == "fastest")
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(desk, request["do"])(request)
        except Exception as error:  # Whatever went wrong is the answer: the bench names it and goes on.
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()

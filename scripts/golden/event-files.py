"""Makes src/train/golden/events.tfevents with TensorBoard's own writer, and shows with its own reader what is in a run's folder.

Run from the repository's root with a Python that has tensorboard 2.21:

    python scripts/golden/event-files.py
    python scripts/golden/event-files.py runs/lenet5      reads the event files of a run: tags, steps, values

No random numbers, and times that are written here: the bytes are the same in each run.
"""

import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "train" / "golden" / "events.tfevents"


def scalars(time, step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
    return Event(wall_time=time, step=step, summary=summary)


# What src/train/tensorboard/event-record.test.ts encodes, too.
EVENTS = [
    Event(wall_time=1700000000.5, file_version="brain.Event:2"),
    Event(wall_time=1700000000.75, step=1, session_log=SessionLog(status=SessionLog.START)),
    scalars(1700000001.0, 0, {"loss/step": 2.5}),
    scalars(1700000002.25, 469, {"loss/train": 0.25, "loss/validation": 0.0, "accuracy/train": 0.9375}),
    scalars(1700000003.125, 5_000_000_000, {"Größe": -1.5}),
]


def write():
    with open(OUT, "wb") as file:
        writer = RecordWriter(file)
        for event in EVENTS:
            writer.write(event.SerializeToString())


def show(folder):
    accumulator = EventAccumulator(folder, size_guidance={"scalars": 0})
    accumulator.Reload()
    for tag in accumulator.Tags()["scalars"]:
        points = [f"{event.step}: {event.value:.6g}" for event in accumulator.Scalars(tag)]
        print(f"{tag} ({len(points)}): {', '.join(points)}")


if len(sys.argv) > 1:
    show(sys.argv[1])
else:
    write()

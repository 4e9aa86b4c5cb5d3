"""One convolution: its output, or one of its gradients."""

import numpy
import torch

from work import Work, read


class Layer(Work):
    def __init__(self, case, folder, channels_last, _fused):
        batch, size, channels, filters, kernel = (
            case[name] for name in ("batch", "size", "channels", "filters", "kernel")
        )
        self.which = case["pass"]
        self.stride, self.padding = [case["stride"]] * 2, [case["padding"]] * 2
        out = (size + 2 * case["padding"] - kernel) // case["stride"] + 1
        layout = torch.channels_last if channels_last else torch.contiguous_format

        def operand(name, shape, order):
            """A file of the case's folder, or where the pass does not read it, a tensor of its shape without values."""
            given = name != {"forward": "dy", "input-gradient": "x", "filter-gradient": "filter"}[self.which]
            value = read(folder, f"{name}.f32", numpy.float32, shape) if given else torch.empty(shape)
            return value.permute(order).contiguous(memory_format=layout)

        images, filter_order = (0, 3, 1, 2), (3, 2, 0, 1)
        self.x = operand("x", (batch, size, size, channels), images)
        self.filter = operand("filter", (kernel, kernel, channels, filters), filter_order)
        self.dy = operand("dy", (batch, out, out, filters), images)

    def run(self):
        if self.which == "forward":
            return torch.nn.functional.conv2d(self.x, self.filter, None, self.stride, self.padding)
        wanted = [self.which == "input-gradient", self.which == "filter-gradient", False]
        dx, d_filter, _ = torch.ops.aten.convolution_backward(
            self.dy, self.x, self.filter, None, self.stride, self.padding, [1, 1], False, [0, 0], 1, wanted
        )
        return d_filter if dx is None else dx

    @torch.no_grad()
    def outputs(self):
        order = (2, 3, 1, 0) if self.which == "filter-gradient" else (0, 2, 3, 1)
        return self.run().permute(order).contiguous().numpy()

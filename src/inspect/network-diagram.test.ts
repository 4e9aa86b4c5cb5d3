import { describe, expect, test } from "vitest";
import { layers } from "../layers/index.ts";
import { functional, input, sequential } from "../models/index.ts";
import { sizeOf } from "../tensor/index.ts";
import { messageOf } from "../testing/error-message.ts";
import { netsOfEveryLayer } from "../testing/every-layer.ts";
import { models } from "../zoo/index.ts";
import { drawNetwork } from "./draw-network.ts";
import { type DiagramNode, type NetworkDiagram, networkDiagram } from "./network-diagram.ts";

type Rectangle = Pick<DiagramNode, "x" | "y" | "width" | "height">;

function overlap(a: Rectangle, b: Rectangle): boolean {
  const apart =
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  return !apart;
}

/** Whether something of a straight line lies within a box, its border not counted. */
function crosses([fromX, fromY]: readonly number[], [toX, toY]: readonly number[], box: Rectangle): boolean {
  const [left, right] = [Math.min(fromX, toX), Math.max(fromX, toX)];
  const [top, bottom] = [Math.min(fromY, toY), Math.max(fromY, toY)];
  const inside = 0.01;
  return (
    right > box.x + inside &&
    left < box.x + box.width - inside &&
    bottom > box.y + inside &&
    top < box.y + box.height - inside
  );
}

/** What is wrong with a drawing. */
function faults({ nodes, edges, frames, width, height }: NetworkDiagram): string[] {
  const found: string[] = [];
  for (const [index, node] of nodes.entries()) {
    if (node.x < 0 || node.y < 0 || node.x + node.width > width || node.y + node.height > height) {
      found.push(`${node.names} lies outside`);
    }
    for (const other of nodes.slice(index + 1)) {
      if (overlap(node, other)) found.push(`${node.names} lies on ${other.names}`);
    }
    for (const { points } of edges) {
      for (const [at, point] of points.slice(1).entries()) {
        if (crosses(points[at], point, node)) found.push(`a line runs through ${node.names}`);
      }
    }
    // A box lies in a frame or beside it.
    for (const frame of frames) {
      const isWithin =
        node.x >= frame.x &&
        node.y >= frame.y &&
        node.x + node.width <= frame.x + frame.width &&
        node.y + node.height <= frame.y + frame.height;
      if (!isWithin && overlap(node, frame)) found.push(`${node.names} lies on the edge of ${frame.title}`);
    }
  }
  for (const { from, to, points } of edges) {
    const [begin, end] = [points[0], points[points.length - 1]];
    const [source, target] = [nodes[from], nodes[to]];
    const leaves =
      begin[1] === source.y + source.height && begin[0] > source.x && begin[0] < source.x + source.width;
    const arrives = end[1] === target.y && end[0] > target.x && end[0] < target.x + target.width;
    if (!leaves || !arrives)
      found.push(`the line from ${source.names} to ${target.names} does not touch them`);
    for (const [at, [x, y]] of points.slice(1).entries()) {
      if (x !== points[at][0] && y !== points[at][1]) found.push(`a slanted line to ${target.names}`);
    }
  }
  return found;
}

/** Pairs of layers, by name, that a line goes between. */
function connections({ nodes, edges }: NetworkDiagram): string[] {
  return edges.map(({ from, to }) => `${nodes[from].layers[0]} > ${nodes[to].layers[0]}`);
}

describe("models of the zoo", () => {
  test.each(models.names)("%s: every layer once, nothing on anything else", (name) => {
    const model = models.create(name);
    const diagram = networkDiagram(model);
    expect(faults(diagram)).toEqual([]);
    expect(diagram.nodes.flatMap((node) => node.layers).sort()).toEqual(
      model.architecture.layers.map((layer) => layer.name).sort(),
    );
    const all = networkDiagram(model, { groupRepeats: false });
    expect(faults(all)).toEqual([]);
    const { parameters, auxiliaryParameters } = model.summary();
    expect(all.nodes.reduce((sum, node) => sum + node.parameters, 0)).toBe(parameters + auxiliaryParameters);
    expect(networkDiagram(models.create(name))).toEqual(diagram);
    // Text of 11 pixels is 1.4 millimetres high or more on A4, upright or across.
    const [short, long] = [190, 277];
    const { width, height } = diagram;
    const scale = Math.max(Math.min(short / width, long / height), Math.min(long / width, short / height));
    expect(11 * scale).toBeGreaterThan(1.35);
  });

  test("ResNet-50: repeated blocks once, with their number", () => {
    const { frames, nodes } = networkDiagram(models.create("resnet50"));
    expect(frames.map(({ title, repeats }) => [title, repeats])).toEqual([
      ["layer1.0", 1],
      ["layer1.1 \u2026 layer1.2", 2],
      ["layer2.0", 1],
      ["layer2.1 \u2026 layer2.3", 3],
      ["layer3.0", 1],
      ["layer3.1 \u2026 layer3.5", 5],
      ["layer4.0", 1],
      ["layer4.1 \u2026 layer4.2", 2],
    ]);
    const [, stem] = nodes;
    expect(stem).toMatchObject({
      ...{
        title: "conv 7\u00d77, 64, /2",
        finish: "batch norm \u00b7 ReLU",
        names: "conv1 \u00b7 bn1 \u00b7 relu",
      },
      ...{ shape: [112, 112, 64], parameters: 64 * 3 * 49 + 4 * 64, family: "convolution", kind: "conv2d" },
    });
    const repeated = nodes.find(({ layers: own }) => own.includes("layer3.4.conv2"));
    expect(repeated?.names).toBe("conv2 \u00b7 bn2 \u00b7 relu_1");
    expect(repeated?.layers.filter((layer) => layer.endsWith("conv2"))).toHaveLength(5);
  });

  test("GoogLeNet: four branches side by side, heads where they come from", () => {
    const diagram = networkDiagram(models.create("googlenet"));
    const branches = diagram.nodes.filter(({ layers: [first] }) =>
      /^inception4b\.branch\d(\.0)?(\.conv)?$/.test(first),
    );
    expect(branches).toHaveLength(4);
    expect(new Set(branches.map(({ y }) => y)).size).toBe(1);
    expect(new Set(branches.map(({ x }) => x)).size).toBe(4);
    expect(diagram.labels.map(({ text }) => text)).toEqual([
      "aux1, from inception4a.concatenate \u00b7 in training only",
      "aux2, from inception4d.concatenate \u00b7 in training only",
    ]);
    expect(
      diagram.nodes.filter(({ note }) => note !== null).map(({ layers: [first], note }) => [first, note]),
    ).toEqual([
      ["inception4a.concatenate", "to aux1"],
      ["inception4d.concatenate", "to aux2"],
    ]);
  });
});

describe("small nets", () => {
  test("every kind of layer", () => {
    for (const [name, model] of netsOfEveryLayer()) {
      const diagram = networkDiagram(model);
      expect(faults(diagram), name).toEqual([]);
      const drawn = new Set(diagram.nodes.flatMap((node) => node.layers));
      expect(drawn, name).toEqual(new Set(model.architecture.layers.map((layer) => layer.name)));
    }
  });

  test("lines go as the layers do", () => {
    const x = input({ shape: [8, 8, 2] });
    const conv = (name: string) => layers.conv2d({ filters: 2, kernelSize: 3, padding: "same", name });
    const a = conv("a").apply(x);
    const b = layers.activation({ activation: "relu", name: "b.relu" }).apply(conv("b").apply(a));
    const sum = layers.add({ name: "sum" }).apply([conv("c").apply(b), a]);
    const model = functional({
      inputs: x,
      outputs: layers.multiply({ name: "out" }).apply([sum, conv("d").apply(sum), x]),
    });
    const diagram = networkDiagram(model);
    expect(connections(diagram).sort()).toEqual([
      "a > b",
      "a > sum",
      "b > c",
      "c > sum",
      "d > out",
      "input > a",
      "input > out",
      "sum > d",
      "sum > out",
    ]);
    expect(faults(diagram)).toEqual([]);
  });

  test("what finishes or prepares a layer's work is in its box, unless something else needs it", () => {
    const chain = sequential([
      layers.zeroPadding2d({ name: "pad", inputShape: [8, 8, 1] }),
      layers.conv2d({
        filters: 4,
        kernelSize: [3, 2],
        strides: [2, 1],
        dilationRate: [1, 2],
        useBias: false,
        name: "conv",
      }),
      layers.batchNormalization({ name: "bn" }),
      layers.activation({ activation: "hardSwish", name: "act" }),
      layers.globalAveragePool2d({ name: "mean" }),
      layers.dense({ units: 3, activation: "softmax", name: "out" }),
    ]);
    expect(
      networkDiagram(chain).nodes.map(({ layers: own, title, finish, shape }) => [own, title, finish, shape]),
    ).toEqual([
      [["input"], "input", "", [8, 8, 1]],
      [
        ["pad", "conv", "bn", "act"],
        "conv 3\u00d72, 4, /2\u00d71, dilated 1\u00d72",
        "pad \u00b7 batch norm \u00b7 hard swish",
        [4, 8, 4],
      ],
      [["mean"], "global average", "", [4]],
      [["out"], "dense 3", "softmax", [3]],
    ]);
    const x = input({ shape: [4, 4, 1] });
    const conv = layers.conv2d({ filters: 1, kernelSize: 1, name: "conv" }).apply(x);
    const relu = layers.activation({ activation: "relu", name: "relu" }).apply(conv);
    const model = functional({ inputs: x, outputs: layers.add({ name: "sum" }).apply([conv, relu]) });
    expect(networkDiagram(model).nodes.map(({ layers: own }) => own)).toEqual([
      ["input"],
      ["conv"],
      ["relu"],
      ["sum"],
    ]);
  });

  test("a wrong option", async () => {
    const options: object = { groupRepeats: 1 };
    expect(await messageOf(() => networkDiagram(models.create("lenet5"), options))).toBe(
      'OptionError: networkDiagram: option "groupRepeats" must be true or false, got 1.',
    );
  });
});

describe("the drawing", () => {
  const svg = drawNetwork(models.create("lenet5"));

  test("is an SVG file that says what there is, and loads nothing", () => {
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="network" width="\d+" height="\d+"/,
    );
    expect(svg).toContain("prefers-color-scheme: dark");
    expect(svg).not.toMatch(/<script|<image|href|url\(|@import/);
    const { inputShape } = models.create("lenet5");
    expect(sizeOf(inputShape)).toBe(784);
    expect(svg).toContain("input 28\u00d728\u00d71");
    expect(svg.match(/<rect class="box convolution"[^>]*rx="5"/g)).toHaveLength(2);
    expect(svg).toContain("28\u00d728\u00d76");
  });

  test("explains the colours that it has", () => {
    expect(svg).toContain(">convolution</text>");
    expect(svg).not.toContain(">sum or concatenation</text>");
    expect(drawNetwork(models.create("resnet18"))).toContain(">sum or concatenation</text>");
  });

  test("escapes names", () => {
    const model = sequential([layers.dense({ units: 2, name: "out", inputShape: [3] })], { name: "a.b-c" });
    expect(drawNetwork(model)).toContain(">a.b-c</text>");
  });
});

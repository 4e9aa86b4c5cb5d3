import { fromArrays, type ImageDataset } from "../data/index.ts";
import { RandomStream, Tensor } from "../tensor/index.ts";

/**
 * A small data set that a line can separate: images of 4 x 4 pixels with noise, bright on the left (class 0) or on the
 * right (class 1).
 */
export function halves(count: number, seed = 1): ImageDataset<"uint8"> {
  const random = new RandomStream(seed);
  const labels = Int32Array.from({ length: count }, () => random.integer(2));
  const images = Tensor.zeros("uint8", [count, 4, 4, 1]);
  images.data.forEach((_, index) => {
    const onLeft = index % 4 < 2;
    const isBright = onLeft === (labels[Math.floor(index / 16)] === 0);
    images.data[index] = random.integer(100) + (isBright ? 155 : 0);
  });
  return fromArrays({ images, labels, classes: ["left", "right"], name: "halves" });
}

import { augmentMistakes } from "./augment.ts";
import { elementwiseMistakes } from "./elementwise.ts";
import { imageMistakes } from "./images.ts";
import { learningMistakes } from "./learning.ts";
import type { Mistakes } from "./mistake.ts";
import { shapeMistakes } from "./shapes.ts";
import { visionMistakes } from "./vision.ts";

export { type Mistake, typeOf } from "./mistake.ts";

/** What every kind refuses, with the full text of its error. */
export const opMistakes: Mistakes = {
  ...elementwiseMistakes,
  ...shapeMistakes,
  ...imageMistakes,
  ...learningMistakes,
  ...visionMistakes,
  ...augmentMistakes,
};

export { type Pretrained, type PretrainedOptions, pretrained } from "./pretrained.ts";

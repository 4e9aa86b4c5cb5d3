import { argumentLayouts, type KernelName } from "./generated/arguments.ts";

/** Names of the kernels in the order of the function table; the first has index 1. */
export const kernelNames = Object.keys(argumentLayouts) as readonly KernelName[];

export { decodeNpy, encodeNpy } from "./npy.ts";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.ts";

import { canShareMemory } from "#host";

/** Something of WebAssembly that makes kernels faster, whether it is here, and how that was found out. */
export interface WasmFeature {
  readonly name: "SIMD" | "relaxed SIMD" | "shared memory" | "4 GiB of memory" | "256-bit vectors";
  readonly available: boolean;
  readonly foundBy: string;
}

/** Codes of the binary format (WebAssembly Core Specification, "Binary Format"; relaxed SIMD as of version 3). */
const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const sections = { type: 1, function: 3, memory: 5, code: 10 };
const [functionType, vectorType] = [0x60, 0x7b];
const [localGet, end] = [0x20, 0x0b];
const multiply = [0xfd, 0xe6, 0x01];
const relaxedMultiplyAdd = [0xfd, 0x85, 0x02];
const hasMaximumAndIsShared = 3;

const section = (code: number, ...content: number[]) => [code, content.length, ...content];

/** A module with one function from a vector to a vector, whose body gives an instruction the vector as each operand. */
function moduleWithInstruction(instruction: readonly number[], operands: number): Uint8Array<ArrayBuffer> {
  const body = [0, ...Array.from({ length: operands }, () => [localGet, 0]).flat(), ...instruction, end];
  return Uint8Array.from([
    ...header,
    ...section(sections.type, 1, functionType, 1, vectorType, 1, vectorType),
    ...section(sections.function, 1, 0),
    ...section(sections.code, 1, body.length, ...body),
  ]);
}

/** A module with a shared memory of one page. */
const moduleWithSharedMemory = Uint8Array.from([
  ...header,
  ...section(sections.memory, 1, hasMaximumAndIsShared, 1, 1),
]);

/** Pages of the largest memory with addresses of 32 bits. */
const MAXIMUM_PAGES = 65536;

/** Wide multiply-adds take as long as narrow ones where pairs are joined: twice the work; some noise is let through. */
const joinedRatio = 1.3;

/**
 * What this host has of WebAssembly.
 *
 * @param peak - speeds of multiply-adds on single vectors and on pairs of them, in the same unit
 */
export function findFeatures(peak: {
  readonly gigaflops128: number;
  readonly gigaflops256: number;
}): readonly WasmFeature[] {
  const validates = (bytes: Uint8Array<ArrayBuffer>) => WebAssembly.validate(bytes);
  const ratio = peak.gigaflops256 / peak.gigaflops128;
  return [
    {
      name: "SIMD",
      available: validates(moduleWithInstruction(multiply, 2)),
      foundBy: "validation of a module with f32x4.mul",
    },
    {
      name: "relaxed SIMD",
      available: validates(moduleWithInstruction(relaxedMultiplyAdd, 3)),
      foundBy: "validation of a module with f32x4.relaxed_madd",
    },
    {
      name: "shared memory",
      available: canShareMemory() && validates(moduleWithSharedMemory),
      foundBy: "validation of a module with a shared memory; whether the host lets threads share one",
    },
    {
      name: "4 GiB of memory",
      available: reserves(MAXIMUM_PAGES),
      foundBy: "reserving a memory that may grow that far",
    },
    {
      name: "256-bit vectors",
      available: ratio >= joinedRatio,
      foundBy: `pairs of 128-bit multiply-adds run ${ratio.toFixed(2)} times as fast as single ones`,
    },
  ];
}

function reserves(maximum: number): boolean {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum, shared: canShareMemory() }) !== null;
  } catch {
    return false;
  }
}

import { type Diagnosis, type MachineSpeed, peakOf } from "../../engine/wasm/diagnosis.ts";
import { formatBytes } from "./numbers.ts";
import { renderTable } from "./table.ts";
import type { Colors } from "./terminal.ts";

/** From this share of the peak on, there is little left to gain. */
const nearPeak = 0.85;

/** What `fovea doctor` prints. */
export function renderDiagnosis(diagnosis: Diagnosis, colors: Colors): string {
  const paragraphs = [
    machineText(diagnosis),
    featureTable(diagnosis),
    speedTable(diagnosis),
    buildTable(diagnosis),
    verdict(diagnosis, colors),
    ...adviceText(diagnosis.advice, colors),
  ];
  return `${paragraphs.join("\n\n")}\n`;
}

function machineText({ machine, flags, threads }: Diagnosis): string {
  const { runtime, compiler, platform, processor, processors, memoryBytes } = machine;
  const facts = [
    processor,
    `${processors} ${processors === 1 ? "processor" : "processors"}`,
    memoryBytes === null ? null : `${formatBytes(memoryBytes)} of memory`,
  ];
  const software = [compiler === null ? runtime : `${runtime} (${compiler})`, platform];
  const line = (title: string, parts: readonly (string | null)[]) =>
    ` ${title.padEnd(9)} ${parts.filter((part) => part !== null).join(", ")}`;
  return [
    line("machine", facts),
    line("runs on", software),
    line("V8 flags", [flags.length === 0 ? "none set" : flags.join(" ")]),
    line("threads", [String(threads)]),
  ].join("\n");
}

function featureTable({ features }: Diagnosis): string {
  return renderTable(
    [{ heading: "WebAssembly" }, { heading: "here" }, { heading: "found by" }],
    features.map(({ name, available, foundBy }) => [name, available ? "yes" : "no", foundBy]),
  );
}

function speedTable({ oneThread, allThreads, threads }: Diagnosis): string {
  const columns = threads === 1 ? [oneThread] : [oneThread, allThreads];
  const heading = ({ threads }: MachineSpeed) => `${threads} ${threads === 1 ? "thread" : "threads"}`;
  const row = (title: string, cell: (speed: MachineSpeed) => string) => [title, ...columns.map(cell)];
  return renderTable(
    [
      { heading: "the machine at most" },
      ...columns.map((speed) => ({ heading: heading(speed), align: "right" as const })),
    ],
    [
      row("multiply-adds, 128 bits", (speed) => gigaflopsText(speed.gigaflops128)),
      row("multiply-adds, pairs of 128 bits", (speed) => gigaflopsText(speed.gigaflops256)),
      row("reading memory", (speed) => `${speed.gigabytes.toFixed(1)} GB/s`),
    ],
  );
}

const stateNames = { chosen: "chosen", usable: "works", rejected: "not used" } as const;

function buildTable({ builds }: Diagnosis): string {
  return renderTable(
    [
      { heading: "kernels" },
      { heading: "" },
      { heading: "matrix product", align: "right" },
      { heading: "of the peak", align: "right" },
      { heading: "why not" },
    ],
    builds.map(({ variant, state, gigaflops, shareOfPeak, reason }) => [
      variant,
      stateNames[state],
      gigaflops === null ? "" : gigaflopsText(gigaflops),
      shareOfPeak === null ? "" : percent(shareOfPeak),
      reason ?? "",
    ]),
  );
}

function verdict({ builds, oneThread, advice }: Diagnosis, colors: Colors): string {
  const [{ shareOfPeak }] = builds;
  const share = shareOfPeak ?? 0;
  const reached = `Matrix products run at ${percent(share)} of what one thread can do at most here (${gigaflopsText(peakOf(oneThread))})`;
  if (share < nearPeak) return colors.yellow(`${reached}.`);
  return colors.green(`${reached}: ${advice.length === 0 ? "all is well" : "the kernels are well"}.`);
}

function adviceText(advice: readonly string[], colors: Colors): string[] {
  if (advice.length === 0) return [];
  return [
    `${colors.bold("What would make it faster")}\n${advice.map((sentence) => `- ${sentence}`).join("\n")}`,
  ];
}

function gigaflopsText(gigaflops: number): string {
  return `${gigaflops.toFixed(1)} GFLOP/s`;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

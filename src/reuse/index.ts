export type * from "./events.ts";
export type * from "./options.ts";
export { htmlReport, type ReportOptions } from "./report/index.ts";
export type * from "./result.ts";

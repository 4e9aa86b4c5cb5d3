export { htmlReport, type ReportOptions } from "./report.ts";

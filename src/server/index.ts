export { isLoopback } from "./listen.ts";
export { type AnswerEvent, loopbackNames, type ServiceOptions } from "./options.ts";
export { type RunningService, type ServeOptions, serve } from "./serve.ts";
export { createService, type ModelAnswer, type PredictAnswer, type Service } from "./service.ts";
export type { RunEntry, RunModelFile } from "./studio/run-catalog.ts";
export type { StudioEvents } from "./studio/run-events.ts";
export { type RunningStudio, type ServeStudioOptions, serveStudio } from "./studio/serve-studio.ts";
export {
  createStudio,
  type HostAnswer,
  type RunAnswer,
  type Studio,
  type StudioOptions,
} from "./studio/studio.ts";

export { type AnswerEvent, loopbackNames, type ServiceOptions } from "./options.ts";
export { isLoopback, type RunningService, type ServeOptions, serve } from "./serve.ts";
export { createService, type ModelAnswer, type PredictAnswer, type Service } from "./service.ts";

export * from "./describe.ts";
export * from "./description.ts";
export * from "./fields.ts";
export * from "./json.ts";
export * from "./options.ts";

import type { OpKind, UpdateKind } from "../graph/index.ts";
import { opTable, updateTable } from "../ops/index.ts";

/** All kinds of ops, from the table, to loop over. */
export const opKinds = Object.keys(opTable) as OpKind[];

/** All kinds of updates, from the table. */
export const updateKinds = Object.keys(updateTable) as UpdateKind[];

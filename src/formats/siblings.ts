import { FormatError } from "../tensor/errors.ts";

/**
 * A file may ask for others in its folder and below, and for nothing else.
 *
 * @param sibling - the name that it asks for
 * @param name - the file that asks, for errors
 * @throws FormatError for a name that could lead anywhere else
 */
export function checkSibling(sibling: string, name: string): string {
  const parts = sibling.split("/");
  // A colon: a drive of Windows or a protocol. A backslash: a way up on Windows.
  const isPlain = parts.every(
    (part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part),
  );
  if (isPlain && sibling.length <= 1024) return sibling;
  throw new FormatError(
    `it refers to ${JSON.stringify(sibling.slice(0, 200))}, which is no plain name of a file beside it`,
    {
      where: name,
      hint: "Files may refer to others in their own folder only.",
    },
  );
}

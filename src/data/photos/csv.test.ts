import { describe, expect, test } from "vitest";
import { messageOf } from "../../testing/error-message.ts";
import { readCsv } from "./csv.ts";

const fieldsOf = (text: string) => readCsv(text, "a.csv").map(({ fields }) => fields);

describe("readCsv", () => {
  test("fields in quotes hold commas, quotes and line ends", () => {
    expect(readCsv('a,"b, ""c""\r\nd"\r\n"e",f\r\n', "a.csv")).toEqual([
      { line: 1, fields: ["a", 'b, "c"\r\nd'] },
      { line: 3, fields: ["e", "f"] },
    ]);
  });

  test.each([
    { name: "a byte order mark", text: "\ufeffa,b\n", fields: [["a", "b"]] },
    {
      name: "no line end at the end",
      text: "a,b\nc,d",
      fields: [
        ["a", "b"],
        ["c", "d"],
      ],
    },
    {
      name: "lines that end as on old Macs",
      text: "a,b\rc,d\r",
      fields: [
        ["a", "b"],
        ["c", "d"],
      ],
    },
    {
      name: "empty lines and fields",
      text: "\n\na,,b\n\n,\n",
      fields: [
        ["a", "", "b"],
        ["", ""],
      ],
    },
    { name: "blanks around fields", text: ' a , "b" \n', fields: [["a", "b"]] },
    { name: "semicolons", text: "a;b,c\n", fields: [["a;b", "c"]] },
    {
      name: "semicolons alone",
      text: 'a;"b;c"\nd;e,f\n',
      fields: [
        ["a", "b;c"],
        ["d", "e,f"],
      ],
    },
    { name: "tabs", text: "a b\tc\n", fields: [["a b", "c"]] },
    { name: "a quote inside a field", text: 'a"b,c\n', fields: [['a"b', "c"]] },
    { name: "a field at the end of the text", text: "a,", fields: [["a", ""]] },
    { name: "nothing", text: "", fields: [] },
  ])("reads $name", ({ text, fields }) => {
    expect(fieldsOf(text)).toEqual(fields);
  });

  test("says where a quote begins that is not closed", async () => {
    expect(await messageOf(() => fieldsOf('a,b\nc,"d\ne,f\n'))).toBe(
      'FormatError: a.csv: the quote that begins on line 2 is not closed. Close it, and write quotes inside a field twice: "".',
    );
  });
});

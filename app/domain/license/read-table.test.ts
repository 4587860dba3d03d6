import { expect, test } from "vitest";
import { readTable } from "#app/domain/license/read-table.ts";

test("commas, quotes, line breaks within quotes, both line ends and a byte order mark are read", () => {
  const text = '\uFEFFkey,name\r\n"A-1","Ada ""the first"", Countess"\r\n\r\n B-2 ,"two\nlines"\nC-3,';
  expect(readTable(text)).toEqual([
    { line: 1, cells: ["key", "name"] },
    { line: 2, cells: ["A-1", 'Ada "the first", Countess'] },
    { line: 4, cells: ["B-2", "two\nlines"] },
    { line: 6, cells: ["C-3", ""] },
  ]);
});

test.each([";", "\t"])("cells may be divided by %j", (delimiter) => {
  expect(readTable(["key", "policy"].join(delimiter))).toEqual([{ line: 1, cells: ["key", "policy"] }]);
});

test("a quote that is never closed is no table, and an empty text has no rows", () => {
  expect(readTable('key\n"A')).toBeNull();
  expect(readTable("")).toEqual([]);
  expect(readTable("\n \n")).toEqual([]);
});

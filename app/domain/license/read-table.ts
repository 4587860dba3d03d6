export type TableRow = {
  /** The line of the file it begins on, from 1. */
  line: number;
  cells: string[];
};

/**
 * A table as spreadsheets save it (RFC 4180): cells with commas between, or semicolons or tabs, whichever the first line has
 * most of. Quoted cells may hold all of these, line breaks and doubled quotes. Empty lines count for nothing.
 * @returns null when a quoted cell is never closed.
 */
export function readTable(text: string): TableRow[] | null {
  const source = text.replace(/^\uFEFF/, "");
  const delimiter = delimiterOf(source.slice(0, source.search(/[\r\n]|$/)));
  const rows: TableRow[] = [];
  let row: TableRow = { line: 1, cells: [] };
  let line = 1;
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < source.length; at++) {
    const character = source.charAt(at);
    if (character === "\n") line++;
    if (isQuoted) {
      if (character !== '"') cell += character;
      else if (source.charAt(at + 1) === '"') {
        cell += '"';
        at++;
      } else isQuoted = false;
    } else if (character === '"' && cell.trim() === "") {
      cell = "";
      isQuoted = true;
    } else if (character === delimiter) {
      row.cells.push(cell);
      cell = "";
    } else if (character === "\n") {
      rows.push({ ...row, cells: [...row.cells, cell] });
      row = { line, cells: [] };
      cell = "";
    } else cell += character;
  }
  rows.push({ ...row, cells: [...row.cells, cell] });
  return isQuoted ? null : rows.map(trimmed).filter(({ cells }) => cells.some((text) => text !== ""));
}

function trimmed({ line, cells }: TableRow): TableRow {
  return { line, cells: cells.map((cell) => cell.trim()) };
}

function delimiterOf(header: string): string {
  const count = (delimiter: string) => header.split(delimiter).length;
  return [",", ";", "\t"].reduce((best, other) => (count(other) > count(best) ? other : best));
}

import { encode } from "uqr";

/** A QR code as one path of squares of size 1, with the quiet zone of four that scanners want. */
export type QrCode = { size: number; path: string };

/** The most that the largest code of the weakest correction holds (ISO/IEC 18004, version 40-L). */
const mostBytes = 2_953;

/** @returns null for a text that is too long for one code. */
export function qrCode(text: string): QrCode | null {
  if (Buffer.byteLength(text) > mostBytes) return null;
  const { size, data } = encode(text, { ecc: "L", boostEcc: true, border: 4 });
  return { size, path: data.map(rowPath).join("") };
}

/** Each run of dark squares is one rectangle, which keeps the page small. */
function rowPath(row: boolean[], y: number): string {
  let path = "";
  for (let x = 0; x < row.length; x++) {
    if (!row[x]) continue;
    const start = x;
    while (row[x + 1]) x++;
    path += `M${start} ${y}h${x - start + 1}v1H${start}z`;
  }
  return path;
}

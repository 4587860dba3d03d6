import { randomBytes } from "node:crypto";
import { encode } from "uqr";
import { expect, test } from "vitest";
import { qrCode } from "#app/routes/storefront/qr-code.server.ts";

test("a text that fits becomes squares with four of quiet around them", () => {
  const code = qrCode("LATCHKEY");
  expect(code?.size).toBe(21 + 2 * 4);
  // The top edge of the first finder pattern: seven dark squares in a row.
  expect(code?.path).toMatch(/^M4 4h7v1H4z/);
});

test("the squares are those of the code, row by row", () => {
  const text = "LATCHKEY-REQUEST-1.".repeat(20);
  const code = qrCode(text);
  const { data } = encode(text, { ecc: "L", boostEcc: true, border: 4 });
  const dark = data.map((row) => row.map(() => false));
  for (const [, x, y, width] of code?.path.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g) ?? [])
    for (let n = 0; n < Number(width); n++) (dark[Number(y)] ?? [])[Number(x) + n] = true;
  expect(dark).toEqual(data);
});

test("a text beyond the largest code gives none", () => {
  const text = (length: number) => randomBytes(length).toString("hex").slice(0, length);
  expect(qrCode(text(2_953))?.size).toBe(177 + 2 * 4);
  expect(qrCode(text(2_954))).toBeNull();
  expect(qrCode("ü".repeat(1_477))).toBeNull();
});

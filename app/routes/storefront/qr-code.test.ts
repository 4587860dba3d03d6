import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { qrCode } from "#app/routes/storefront/qr-code.server.ts";

test("a text that fits becomes squares with four of quiet around them", () => {
  const code = qrCode("LATCHKEY");
  expect(code?.size).toBe(21 + 2 * 4);
  // The top edge of the first finder pattern: seven dark squares in a row.
  expect(code?.path).toMatch(/^M4 4h7v1H4z/);
});

test("a text beyond the largest code gives none", () => {
  const text = (length: number) => randomBytes(length).toString("hex").slice(0, length);
  expect(qrCode(text(2_953))?.size).toBe(177 + 2 * 4);
  expect(qrCode(text(2_954))).toBeNull();
  expect(qrCode("ü".repeat(1_477))).toBeNull();
});

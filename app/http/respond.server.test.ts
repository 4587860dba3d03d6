import { expect, test } from "vitest";
import { DomainError, type DomainErrorCode } from "#app/domain/domain-error.ts";
import { errorResponse, notFound, safeRedirectPath } from "#app/http/respond.server.ts";

const tricks = [
  "",
  " ",
  "portal",
  "./portal",
  "../portal",
  "?a=1",
  "#top",
  "//evil.example",
  "///evil.example",
  "////evil.example",
  "//evil.example/%2f..",
  "//evil.example@licenses.example.com",
  "//localhost",
  "/\\evil.example",
  "/\\/evil.example",
  "\\\\evil.example",
  "\\/evil.example",
  "/\\\\evil.example",
  "/portal\\..\\..\\evil.example",
  "/./\\evil.example",
  "/.//evil.example",
  "/..//evil.example",
  "/a/..//evil.example",
  "/././/evil.example",
  "/%2e//evil.example",
  "/%2e%2e//evil.example",
  "/portal/../..//evil.example",
  "/%2f/evil.example",
  "/%2Fevil.example",
  "/%2f%2fevil.example",
  "/%5cevil.example",
  "/%5C%5Cevil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/\r\n/evil.example",
  "/\r\nLocation: https://evil.example",
  "/portal\r\nSet-Cookie: a=b",
  "/\u0000/evil.example",
  "/portal\u0000",
  "/\u0001evil.example",
  "/\u007f/evil.example",
  "/\u0085/evil.example",
  "/\u2028/evil.example",
  "/\u2029/evil.example",
  "\t//evil.example",
  "\n/portal",
  " /portal",
  " //evil.example",
  "\u00a0/portal",
  "\ufeff/portal",
  "https://evil.example",
  "http://evil.example",
  "HTTPS://evil.example",
  "https:evil.example",
  "https:/evil.example",
  "https:///evil.example",
  "http:\\\\evil.example",
  "ftp://evil.example",
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "java\nscript:alert(1)",
  "javascript://licenses.example.com/%0aalert(1)",
  " javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "blob:https://evil.example/1",
  "mailto:a@evil.example",
  "evil.example",
  "evil.example/portal",
  "@evil.example",
  ":443/portal",
  "http://portal.invalid/portal",
  "//portal.invalid/portal",
  `/${"a".repeat(2_001)}`,
];

test.each(tricks)("%j leads nowhere", (value) => {
  expect(safeRedirectPath(value, "/fallback")).toBe("/fallback");
});

test.each([null, undefined, 7, {}, ["/portal"], new File([], "x")])("%s is no path", (value) => {
  expect(safeRedirectPath(value, "/fallback")).toBe("/fallback");
});

test.each([
  ["/", "/"],
  ["/portal", "/portal"],
  ["/portal/licenses/lic_1?do=extend#key", "/portal/licenses/lic_1?do=extend#key"],
  ["/admin/licenses?q=a%40b.example&after=x", "/admin/licenses?q=a%40b.example&after=x"],
  ["/portal?next=//evil.example", "/portal?next=//evil.example"],
  ["/portal?next=https://evil.example", "/portal?next=https://evil.example"],
  ["/@evil.example", "/@evil.example"],
  ["/a/../portal", "/portal"],
  ["/https://evil.example", "/https://evil.example"],
  ["/größe", "/gr%C3%B6%C3%9Fe"],
])("%j leads to %j", (value, expected) => {
  expect(safeRedirectPath(value, "/fallback")).toBe(expected);
});

test("the corpus is large and has no doubles", () => {
  expect(new Set(tricks).size).toBe(tricks.length);
  expect(tricks.length).toBeGreaterThanOrEqual(60);
});

test.each([
  ["NOT_FOUND", 404],
  ["FORBIDDEN", 403],
  ["INVALID", 422],
  ["CONFLICT", 409],
  ["RATE_LIMITED", 429],
  ["UNAVAILABLE", 503],
] satisfies [DomainErrorCode, number][])("%s is answered with %i and its own words", async (code, status) => {
  const response = errorResponse(new DomainError(code, "What to do."));
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ message: "What to do." });
});

test("a limit says when to come back", () => {
  const error = new DomainError("RATE_LIMITED", "Wait.", { context: { retryAfterSeconds: 12.3 } });
  expect(errorResponse(error).headers.get("Retry-After")).toBe("13");
});

test("what does not exist and what is not yours are told apart by nobody", async () => {
  const response = notFound("license");
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({
    message: "There is no such license, or it belongs to somebody else.",
  });
});

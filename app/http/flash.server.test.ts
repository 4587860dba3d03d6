import { expect, test } from "vitest";
import { cookieName, cookieOptions, readCookie, serializeCookie } from "#app/http/cookies.server.ts";
import { readFlash, redirectWithFlash } from "#app/http/flash.server.ts";
import { parseEnv, setRuntimeEnv } from "#app/infra/env.server.ts";

function useSite(appUrl: string, masterKey = Buffer.alloc(32, 1)) {
  setRuntimeEnv({
    ...parseEnv({ APP_URL: appUrl }),
    databaseUrl: "postgresql://nobody@127.0.0.1:1/none",
    masterKey,
  });
}
useSite("http://localhost:3000");

const withCookie = (cookie: string) => new Request("http://localhost/", { headers: { Cookie: cookie } });
const cookieOf = (response: Response) => response.headers.get("Set-Cookie")?.split(";")[0] ?? "";

test("a message survives one redirect and is then forgotten", async () => {
  const response = await redirectWithFlash("/admin/licenses", "License suspended. “Ümläut”; 100 %", {
    tone: "error",
  });
  expect([response.status, response.headers.get("Location")]).toEqual([303, "/admin/licenses"]);
  const { flash, headers } = readFlash(withCookie(`a=b; ${cookieOf(response)}; c=d`));
  expect(flash).toMatchObject({ message: "License suspended. “Ümläut”; 100 %", tone: "error" });
  expect(headers["Set-Cookie"]).toBe("latchkey-flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
});

test("no cookie, no message and no header", () => {
  expect(readFlash(new Request("http://localhost/"))).toEqual({ flash: null, headers: {} });
});

test("a message that we did not sign, or that was altered, is not shown", async () => {
  const cookie = cookieOf(await redirectWithFlash("/", "Hello"));
  const [name = "", value = ""] = cookie.split("=");
  const [body = "", signature = ""] = value.split(".");
  const forged = Buffer.from(JSON.stringify({ id: "1", message: "Pay here", tone: "success" })).toString(
    "base64url",
  );
  const flipped = Buffer.from(body, "base64url").map((byte, index) => (index === 40 ? byte ^ 1 : byte));
  for (const tampered of [
    `${forged}.${signature}`,
    `${Buffer.from(flipped).toString("base64url")}.${signature}`,
    `${body}.${signature.slice(0, -1)}`,
    `${body}.${signature}x`,
    body,
    `.${signature}`,
    ".",
    "",
    "%",
    "%E0%A4%A",
  ]) {
    const { flash, headers } = readFlash(withCookie(`${name}=${tampered}`));
    expect(flash, tampered).toBeNull();
    if (!tampered.includes("%")) expect(headers["Set-Cookie"]).toContain("Max-Age=0");
  }
  expect(readFlash(withCookie(cookie)).flash).toMatchObject({ message: "Hello", tone: "success" });
});

test("a message signed with another master key is not shown", async () => {
  const cookie = cookieOf(await redirectWithFlash("/", "Hello"));
  useSite("http://localhost:3000", Buffer.alloc(32, 2));
  expect(readFlash(withCookie(cookie)).flash).toBeNull();
  useSite("http://localhost:3000");
});

test("a very long message is cut, so that the browser keeps the cookie", async () => {
  const response = await redirectWithFlash("/", "ü".repeat(5_000));
  expect(response.headers.get("Set-Cookie")?.length).toBeLessThan(4_096);
  expect(readFlash(withCookie(cookieOf(response))).flash?.message.length).toBe(500);
});

test("on https every cookie is Secure and cannot be planted by a sibling domain", () => {
  useSite("https://licenses.example.com");
  expect(cookieName("session")).toBe("__Host-latchkey-session");
  expect(cookieOptions()).toEqual({ httpOnly: true, sameSite: "lax", path: "/", secure: true });
  expect(serializeCookie(cookieName("session"), "a b;c", { maxAgeSeconds: 60 })).toBe(
    "__Host-latchkey-session=a%20b%3Bc; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60",
  );
  useSite("http://localhost:3000");
  expect(cookieName("session")).toBe("latchkey-session");
  expect(serializeCookie("a", "b")).toBe("a=b; Path=/; HttpOnly; SameSite=Lax");
});

test("a cookie is read by its whole name only", () => {
  const request = withCookie(
    "xlatchkey-session=1; latchkey-session-2=2; latchkey-session=a%20b; latchkey-session=late",
  );
  expect(readCookie(request, "latchkey-session")).toBe("a b");
  expect(readCookie(request, "session")).toBeNull();
});

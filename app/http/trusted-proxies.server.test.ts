import { expect, test } from "vitest";
import { trustedProxies } from "#app/http/trusted-proxies.server.ts";

test.each([
  [undefined, false],
  ["0", false],
  ["false", false],
  ["1", 1],
  ["2", 2],
  ["loopback", ["loopback"]],
  ["10.0.0.0/8, 192.168.1.1,fd00::/8", ["10.0.0.0/8", "192.168.1.1", "fd00::/8"]],
])("%j trusts %j", (value, expected) => {
  expect(trustedProxies(value)).toEqual(expected);
});

test.each(["true", "yes", "*", "10.0.0.0/33", "10.0.0", "proxy.example.com", "10.0.0.1/8/8", "-1", "1.5"])(
  "%j is refused with what to put there",
  (value) => {
    expect(() => trustedProxies(value)).toThrow(/TRUST_PROXY: the number of proxies/);
  },
);

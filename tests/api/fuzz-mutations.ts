import type { Random } from "#tests/crash/seeded-random.ts";

type Json = Record<string, unknown>;
export type Wire = {
  method: string;
  target: string;
  headers: [name: string, value: string][];
  body: Buffer;
};

const choose = <T>(random: Random, list: readonly T[]): T => list[random.between(0, list.length - 1)] as T; // never empty

/** Deeper than anybody needs, and deep enough to exhaust a stack. */
const deep = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);

/** Values that a field was not made for. Texts stand as JSON, so that what JSON can say and JavaScript cannot is said. */
const nastyJson: readonly string[] = [
  ...['""', '" "', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"', '"\\uffff"', '"\\ufeffx"'],
  ...[
    '"\\u202e\\u2066abc"',
    '"مرحبا"',
    '"👩‍👩‍👧‍👦🏴‍☠️"',
    '"Z\\u0351\\u036b\\u0343"',
    '"%00"',
    '"%"',
    '"_%\\\\"',
    '"\\\\"',
  ],
  ...['"\'; DROP TABLE license; --"', '"../../etc/passwd"', '"<script>"', '"\\r\\nX-Evil: 1"', '"\\u2028"'],
  ...[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[null]",
    "[[]]",
    '{"":{}}',
    '[{"a":1}]',
    '{"toString":1}',
    '{"length":-1}',
  ],
  ...[
    '{"__proto__":{"a":1}}',
    '{"constructor":{"prototype":{}}}',
    '{"then":"x"}',
    '{"toJSON":1}',
    '"__proto__"',
  ],
  ...[
    "0",
    "-0",
    "-1",
    "0.5",
    "1e-400",
    "1e308",
    "1e999",
    "-1e999",
    "2147483647",
    "2147483648",
    "-2147483649",
  ],
  ...[
    "4294967296",
    "9007199254740991",
    "9007199254740993",
    "9223372036854775808",
    "99999999999999999999999999",
  ],
  ...[
    '"0"',
    '"-1"',
    '"1e9"',
    '"NaN"',
    '"Infinity"',
    '"2147483648"',
    '"99999999999999999999"',
    '"0x10"',
    '"٣"',
    '"1 "',
  ],
  ...[
    '"infinity"',
    '"now"',
    '"0000-01-01T00:00:00Z"',
    '"0001-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59.999Z"',
  ],
  ...[
    '"2026-02-30T00:00:00Z"',
    '"+275760-09-13T00:00:00Z"',
    '"-000001-01-01T00:00:00Z"',
    '"2026-01-01T00:00:00+99:99"',
  ],
  ...['"9999-12-31T23:59:59-14:00"', '"P1Y"', '"P9999999999Y"', '"PT0S"', '"P-1D"', '"P1M1W"'],
  ...[JSON.stringify("x".repeat(129)), JSON.stringify("x".repeat(300)), JSON.stringify("é".repeat(5000))],
  ...[JSON.stringify("ﷺ".repeat(256)), JSON.stringify("\u0001\u001f\u007f"), JSON.stringify("0".repeat(28))],
  ...[deep(31, "[", "]"), deep(40, '{"a":', "}").replace(":}", ":1}"), deep(2000, "[", "]")],
  ...['"lic_00000000000000000000000000"', '"lic_"', '"act_zzzzzzzzzzzzzzzzzzzzzzzzzz"', '"key_\\u0000"'],
  ...[
    '"00000000-0000-0000-0000-000000000000"',
    '"ffffffff-ffff-ffff-ffff-ffffffffffff"',
    '"lk_"',
    '"@"',
    '"a@b@c"',
  ],
];

/** The text of a JSON value in which something is wrong, or of one that is none. */
export function mutateJson(value: unknown, random: Random): string {
  const text = JSON.stringify(value) ?? "";
  const kind = random.pick({
    field: 12,
    remove: 2,
    add: 2,
    twice: 2,
    bytes: 3,
    cut: 1,
    whole: 1,
    odd: 1,
    large: 0.1,
  });
  if (kind === "whole") return choose(random, nastyJson);
  if (kind === "cut") return text.slice(0, random.between(0, text.length));
  if (kind === "odd")
    return choose(random, [
      "",
      " ",
      "\ufeff{}",
      "NaN",
      "undefined",
      `${text}${text}`,
      `${text},`,
      `/* */${text}`,
      "'x'",
    ]);
  if (kind === "large")
    return choose(random, [
      deep(200_000, "[", "]"),
      `[${"1,".repeat(30_000)}1]`,
      JSON.stringify({ key: "x".repeat(900_000) }),
      `{"key":"${"x".repeat(1_100_000)}"}`,
      `{${Array.from({ length: 21_000 }, (_, n) => `"k${n}":0`).join()}}`,
    ]);
  if (kind === "bytes") {
    const at = random.between(0, text.length);
    return (
      text.slice(0, at) +
      choose(random, ["\\", '"', "{", "}", ",", ":", "\u0000", "e", "-"]) +
      text.slice(at + 1)
    );
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return choose(random, nastyJson);
  return mutateFields(value as Json, kind, random); // an object that is no list
}

function mutateFields(value: Json, kind: "field" | "remove" | "add" | "twice", random: Random): string {
  const names = Object.keys(value);
  const name = names.length > 0 ? choose(random, names) : "key";
  const text = (without: string | null, more: string[]) =>
    `{${[
      ...names
        .filter((other) => other !== without)
        .map((other) => `${JSON.stringify(other)}:${JSON.stringify(value[other]) ?? "null"}`),
      ...more,
    ].join(",")}}`;
  if (kind === "remove") return text(name, []);
  const member = value[name];
  const isObject = member !== null && typeof member === "object" && !Array.isArray(member);
  if (kind === "field" && isObject && random.next() < 0.7)
    return text(name, [`${JSON.stringify(name)}:${mutateJson(member, random)}`]);
  const nasty = choose(random, nastyJson);
  const added = choose(random, ["extra", "__proto__", "constructor", "", "metadata", "\\u0000", "\\ud800"]);
  if (kind === "add") return text(null, [`"${added}":${nasty}`]);
  return text(kind === "twice" ? null : name, [`${JSON.stringify(name)}:${nasty}`]);
}

const nastyText: readonly string[] = [
  ...[
    "",
    "%",
    "%00",
    "%ff",
    "%c0%af",
    "%ED%A0%80",
    "%2F",
    "%2e%2e",
    "%252e",
    "..",
    ".",
    "a%20b",
    "+",
    "%E2%80%AE",
  ],
  ...[
    "%F0%9F%92%A9",
    "-1",
    "0",
    "1e9",
    "NaN",
    "2147483648",
    "99999999999999999999",
    "null",
    "undefined",
    "[]",
    "a[b]=c",
  ],
  ...[
    "x".repeat(301),
    "x".repeat(3000),
    "x".repeat(20_000),
    "%41".repeat(100),
    "';--",
    "*",
    ":id",
    "()",
    "^",
    "%5C",
  ],
];

export function mutateQuery(query: Record<string, unknown>, random: Random): string {
  const parts = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  for (let n = random.between(0, 2); n > 0; n--) {
    const name = random.next() < 0.7 ? (Object.keys(query)[0] ?? "limit") : choose(random, nastyText);
    parts.push(`${name}=${choose(random, nastyText)}`);
  }
  if (random.next() < 0.05) parts.push("&=&==", "limit", "=x", "__proto__=1", "a[]=1");
  return parts.join("&");
}

export function mutatePath(path: string, random: Random): string {
  const parts = path.split("/");
  const at = random.between(1, Math.max(1, parts.length - 1));
  const kind = random.pick({
    replace: 6,
    slash: 1,
    double: 1,
    upper: 1,
    absolute: 1,
    semicolon: 1,
    extra: 1,
    odd: 1,
  });
  if (kind === "replace")
    return [...parts.slice(0, at), choose(random, nastyText), ...parts.slice(at + 1)].join("/");
  if (kind === "slash") return `${path}/`;
  if (kind === "double") return `/${path}`;
  if (kind === "upper") return path.toUpperCase();
  if (kind === "absolute") return `http://latchkey.example${path}`;
  if (kind === "semicolon") return `${path};jsessionid=1`;
  if (kind === "extra") return `${path}/${choose(random, nastyText)}`;
  return choose(random, [
    "*",
    "",
    "?",
    "//",
    "/%",
    "http://",
    "http://[",
    "//[::1",
    "/..//../x",
    "/\\",
    "/#a",
    "x",
  ]);
}

const idempotencyKeys = [
  "",
  " ",
  "once",
  "x".repeat(255),
  "x".repeat(256),
  "\u00e9",
  '"q"',
  "a,b",
  "\t",
  "null",
];
const contentTypes = [
  ...[
    "",
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "text/html",
    "application/xml",
  ],
  ...[
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "nonsense",
    ";",
  ],
  ...[
    "application/vnd.api+json",
    "APPLICATION/JSON",
    "application/json, text/html",
    "image/png",
    "application/+json",
  ],
];
const authorizations = [
  "",
  "Bearer",
  "Bearer ",
  "Bearer lk_",
  "Basic Og==",
  "Bearer a b",
  `Bearer ${"x".repeat(5000)}`,
];

/** Changes headers only, so that the message is still framed well. */
export function mutateHeaders(wire: Wire, random: Random): Wire {
  const set = (name: string, value: string): Wire => ({
    ...wire,
    headers: [...wire.headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase()), [name, value]],
  });
  const kind = random.pick({
    idempotency: 4,
    type: 4,
    authorization: 2,
    encoding: 1,
    flood: 1,
    large: 1,
    misc: 3,
  });
  if (kind === "idempotency") return set("Idempotency-Key", choose(random, idempotencyKeys));
  if (kind === "type") return set("Content-Type", choose(random, contentTypes));
  if (kind === "authorization") return set("Authorization", choose(random, authorizations));
  if (kind === "encoding")
    return set("Content-Encoding", choose(random, ["gzip", "br", "identity", "x", "gzip, br"]));
  if (kind === "flood")
    return {
      ...wire,
      headers: [
        ...wire.headers,
        ...Array.from({ length: choose(random, [50, 400, 1900]) }, (_, n): [string, string] => [
          `X-${n}`,
          "1",
        ]),
      ],
    };
  if (kind === "large") return set("X-Large", "x".repeat(choose(random, [7_000, 15_000, 17_000, 60_000])));
  const [name, value] = choose(random, [
    ["Accept-Signature", "1"],
    ["Accept", "*/*;q=x"],
    ["Host", ""],
    ["Host", "evil.example:99999"],
    ["X-Forwarded-For", "not an address, ::ffff:1.2.3.4, [::1]:80"],
    ["Expect", "nonsense"],
    ["Expect", "100-continue"],
    ["Origin", "null"],
    ["Cookie", "__Host-customer=%; staff=\u00ff; a=b; a=c"],
    ["Upgrade", "websocket"],
    ["Range", "bytes=0-1"],
    ["If-None-Match", "*"],
    ["X-HTTP-Method-Override", "DELETE"],
    ["X-API-Key", "lk_x"],
    ["Keygen-Accept-Signature", 'algorithm="rsa"'],
  ] as const);
  return set(name, value);
}

const methods = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "PROPFIND",
  "QUERY",
  "M-SEARCH",
];
export const mutateMethod = (random: Random): string => choose(random, methods);

/** The body of a form; fields may be there twice or be written badly. */
export function formOf(value: unknown, random: Random): string {
  const fields = value !== null && typeof value === "object" ? Object.entries(value) : [];
  const parts = fields.map(([name, member]) => `${name}=${encodeURIComponent(String(member))}`);
  if (random.next() < 0.5)
    parts.push(`${fields[0]?.[0] ?? "key"}=${choose(random, nastyText).slice(0, 5000)}`);
  return parts.join("&");
}

/** Bytes that are no UTF-8, or text in another encoding. */
export function garble(text: string, random: Random): Buffer {
  const kind = random.pick({ flip: 3, utf16: 1, latin1: 1, surrogate: 1, random: 1 });
  if (kind === "utf16") return Buffer.from(text, "utf16le");
  if (kind === "latin1") return Buffer.from(`${text.slice(0, -1)},"n":"\u00e9"}`, "latin1");
  const bytes = Buffer.from(text === "" ? "x" : text);
  const at = random.between(0, bytes.length - 1);
  if (kind === "surrogate")
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xed, 0xa0, 0x80]), bytes.subarray(at)]);
  if (kind === "random")
    return Buffer.from(Array.from({ length: random.between(1, 200) }, () => random.between(0, 255)));
  bytes[at] = random.between(0, 255);
  return bytes;
}

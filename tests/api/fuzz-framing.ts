import type { Wire } from "#tests/api/fuzz-mutations.ts";
import { bytesOf } from "#tests/api/raw-lane.ts";
import type { Random } from "#tests/crash/seeded-random.ts";

/** Messages whose framing is wrong, each as the pieces that are written. */
export function brokenMessages(count: number, random: Random, request: () => Wire): Buffer[][] {
  return Array.from({ length: count }, () => breakMessage(request(), random));
}

function breakMessage(wire: Wire, random: Random): Buffer[] {
  const kind = random.pick({
    cut: 3,
    length: 3,
    chunked: 3,
    smuggled: 1,
    line: 2,
    noise: 1,
    pipelined: 1,
    flipped: 2,
  });
  const whole = bytesOf(wire);
  if (kind === "cut") return [whole.subarray(0, random.between(1, whole.length - 1))];
  if (kind === "length") return [withHeaders(wire, [["Content-Length", wrongLength(wire, random)]])];
  if (kind === "chunked") return chunked(wire, random);
  if (kind === "smuggled")
    return [
      withHeaders(wire, [
        ["Content-Length", "4"],
        ["Transfer-Encoding", random.next() < 0.5 ? "chunked" : " chunked, identity"],
      ]),
    ];
  if (kind === "line") return [badLine(wire, random)];
  if (kind === "noise") return [Buffer.from(Array.from({ length: 200 }, () => random.between(0, 255)))];
  if (kind === "pipelined") return [Buffer.concat([whole, whole, bytesOf({ ...wire, method: "POST" })])];
  const flipped = Buffer.from(whole);
  for (let n = random.between(1, 4); n > 0; n--)
    flipped[random.between(0, Math.min(flipped.length, 400) - 1)] = random.between(0, 255);
  return [flipped];
}

/** Headers in place of the right framing, and the body as it is. */
function withHeaders(wire: Wire, headers: Wire["headers"], body: Buffer = wire.body): Buffer {
  const all = [["Host", "127.0.0.1"], ...wire.headers, ...headers];
  const lines = [
    `${wire.method} ${wire.target} HTTP/1.1`,
    ...all.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

function wrongLength({ body }: Wire, random: Random): string {
  const values = [
    body.length + 10,
    Math.max(0, body.length - 3),
    -1,
    2 ** 53,
    "1e3",
    "0x10",
    "",
    "1,1",
    "99999999999999999999",
  ];
  return String(values[random.between(0, values.length - 1)]);
}

function chunked(wire: Wire, random: Random): Buffer[] {
  const size = wire.body.length.toString(16);
  const bodies: (string | Buffer)[] = [
    Buffer.concat([Buffer.from(`${size}\r\n`), wire.body, Buffer.from("\r\n0\r\n\r\n")]),
    Buffer.concat([
      ...[...wire.body.subarray(0, 300)].map((byte) => Buffer.from([0x31, 13, 10, byte, 13, 10])),
      Buffer.from("0\r\n\r\n"),
    ]),
    Buffer.concat([
      Buffer.from(`${size};name="${"x".repeat(500)}"\r\n`),
      wire.body,
      Buffer.from("\r\n0\r\nTrailer: 1\r\n\r\n"),
    ]),
    "zz\r\n{}\r\n0\r\n\r\n",
    "-1\r\n{}\r\n0\r\n\r\n",
    "fffffffffffffffff\r\n{}\r\n",
    "2\r\n{}\r\n",
    "2\r\n{}extra\r\n0\r\n\r\n",
    "0\r\n",
  ];
  const body = bodies[random.between(0, bodies.length - 1)] ?? "";
  const message = withHeaders(wire, [["Transfer-Encoding", "chunked"]], Buffer.from(body));
  const at = random.between(1, message.length - 1);
  return [message.subarray(0, at), message.subarray(at)];
}

function badLine(wire: Wire, random: Random): Buffer {
  const lines = [
    `${wire.method} ${wire.target} HTTP/1.0\r\n\r\n`,
    `${wire.method} ${wire.target} HTTP/9.9\r\nHost: x\r\n\r\n`,
    `${wire.method} ${wire.target}\r\n\r\n`,
    `${wire.method}  ${wire.target}  HTTP/1.1\r\nHost: x\r\n\r\n`,
    `${wire.method} ${wire.target} HTTP/1.1\r\n\r\n`,
    `${wire.method} ${wire.target} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
    `${wire.method} ${wire.target} HTTP/1.1\nHost: x\n\n`,
    `${wire.method} ${wire.target} HTTP/1.1\r\nHost: x\r\n folded: y\r\nNo colon\r\n\r\n`,
    `${wire.method} ${wire.target}\u0000 HTTP/1.1\r\nHost: x\r\n\r\n`,
    `${wire.method} ${wire.target} HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n`,
    `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n`,
    `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    `GET ${wire.target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n`,
  ];
  return Buffer.from(lines[random.between(0, lines.length - 1)] ?? "", "latin1");
}

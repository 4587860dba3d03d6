import { randomBytes } from "node:crypto";
import { type LoadResult, sendOnLanes } from "#tests/bench/lanes.ts";

// The load generator of the license API, a process of its own.

export type LicenseLoadJob = {
  port: number;
  connections: number;
  calls: number;
  path: string;
  /** Asked about in turn. */
  keys: string[];
  /** Each call comes from a device of its own; otherwise none is named. */
  devices: boolean;
};

function makeRequests({ port, calls, path, keys, devices }: LicenseLoadJob): Buffer[] {
  const run = randomBytes(6).toString("hex");
  return Array.from({ length: calls }, (_, index) => {
    const key = keys[index % keys.length] ?? "";
    const device = devices ? { fingerprint: `${run}-${index}`, name: "Bench" } : {};
    const body = JSON.stringify({ product: "bench", key, ...device });
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      "Content-Type: application/json",
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
  });
}

async function run(job: LicenseLoadJob): Promise<LoadResult> {
  return sendOnLanes({
    ...job,
    requests: makeRequests(job),
    isGood: (answer) => answer.includes('"valid":true'),
  });
}

process.on("message", (job: LicenseLoadJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.("ready");

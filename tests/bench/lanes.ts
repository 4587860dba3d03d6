import { connect } from "node:net";

export type LoadResult = { perSecond: number; p50Ms: number; p99Ms: number; failures: number };

/**
 * Sends whole requests over keep-alive connections on bare sockets, one at a time on each; costs a fraction of what the
 * servers do. `isGood` judges an answer, head and body, beyond its status of 200.
 */
export async function sendOnLanes(job: {
  port: number;
  connections: number;
  requests: readonly Buffer[];
  isGood?: (answer: string) => boolean;
}): Promise<LoadResult> {
  const { requests, isGood = () => true } = job;
  const latencies = new Float64Array(requests.length);
  let next = 0;
  let failures = 0;
  const begun = performance.now();
  const lane = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(job.port, "127.0.0.1");
      socket.setNoDelay(true);
      let index = -1;
      let sentAt = 0;
      let received = "";
      const send = () => {
        index = next++;
        const request = requests[index];
        if (!request) {
          socket.end();
          resolve();
          return;
        }
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (!isWhole(received)) return;
        latencies[index] = performance.now() - sentAt;
        if (!received.startsWith("HTTP/1.1 200") || !isGood(received)) failures++;
        received = "";
        send();
      });
    });
  await Promise.all(Array.from({ length: job.connections }, lane));
  const seconds = (performance.now() - begun) / 1000;
  latencies.sort();
  const quantile = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { perSecond: requests.length / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), failures };
}

/** All servers announce the length of their answers. */
function isWhole(answer: string): boolean {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1] ?? 0);
  return answer.length >= headEnd + 4 + length;
}

import type { Server } from "node:http";

/** Long enough for any page; a supervisor that asks a process to stop usually waits longer. */
const graceMs = 10_000;

/**
 * A function that stops `server` from taking connections, gives requests under way `graceMs` to finish, and
 * resolves when every connection is gone.
 */
export function closeGracefully(server: Server): () => Promise<void> {
  let closing: Promise<void> | undefined;
  return () => {
    closing ??= new Promise((resolve) => {
      // A kept-alive connection becomes idle when its answer is out; only then may it go.
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
    });
    return closing;
  };
}

import { availableParallelism } from "node:os";
import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";

declare module "@remix-run/node" {
  interface Future {
    v3_singleFetch: false;
  }
}

export default defineConfig({
  plugins: [
    tailwindcss(),
    // Vitest brings its own transforms; the Remix plugin only belongs to the site.
    !process.env.VITEST &&
      remix({
        future: {
          v3_fetcherPersist: true,
          v3_relativeSplatPath: true,
          v3_throwAbortReason: true,
          v3_routeConfig: true,
          // Off on purpose: both endpoints have advisories that Remix 2 does not fix. See docs/security.md.
          v3_singleFetch: false,
          v3_lazyRouteDiscovery: false,
        },
      }),
  ],
  server: { host: "127.0.0.1" },
  build: {
    target: "es2022",
    // Each icon would otherwise be a file of its own, and a page dozens of requests.
    rollupOptions: {
      output: { manualChunks: (id) => (id.includes("/lucide-react/") ? "icons" : undefined) },
    },
  },
  test: {
    include: ["app/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}", "clients/**/*.test.ts"],
    exclude: ["node_modules", "build", "tests/journeys/**"],
    globalSetup: ["tests/setup/global.ts"],
    // Much of the time is the database's and the programs' that tests start: on two cores one worker leaves half unused.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    minWorkers: 1,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
} as Parameters<typeof defineConfig>[0]);

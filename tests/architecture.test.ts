// The layers and the order of the modules, checked on the import lines. docs/architecture.md tells the story.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

type Import = { target: string; typeOnly: boolean };
type SourceFile = { path: string; text: string; imports: Import[] };

const importLine =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"|\bimport\(\s*"([^"]+)"\s*\)/g;

function importsOf(path: string, text: string): Import[] {
  return [...text.matchAll(importLine)].map((match) => ({
    target: resolveTarget(path, match[2] ?? match[3] ?? ""),
    typeOnly: match[1] !== undefined,
  }));
}

function readSources(folder: string): SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name).replaceAll("\\", "/"))
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith("app/infra/prisma-client/"))
    .map((path) => {
      const text = readFileSync(path, "utf8");
      return { path, text, imports: importsOf(path, text) };
    });
}

/** `#app/x.ts` and `./x.ts` become the path of the file; packages keep their name. */
function resolveTarget(path: string, specifier: string): string {
  if (specifier.startsWith("./")) return normalize(join(dirname(path), specifier)).replaceAll("\\", "/");
  return specifier.replace(/^#(?=app\/|tests\/)/, "");
}

const sources = [...readSources("app"), ...readSources("tests")];
const isTest = (path: string) => /\.test\.tsx?$/.test(path);
const app = sources.filter(({ path }) => path.startsWith("app/") && !isTest(path));

const isServer = (path: string) => /\.server\.tsx?$/.test(path);
const layerOf = (path: string) => (/^app\/[^/]+\//.test(path) ? (path.split("/")[1] ?? "") : path);

/** Every import of the app that `isBreach` objects to, as a sentence a person can act on. */
function breaches(isBreach: (from: string, target: string, typeOnly: boolean) => boolean): string[] {
  return app.flatMap(({ path, imports }) =>
    imports
      .filter(({ target, typeOnly }) => isBreach(path, target, typeOnly))
      .map(({ target }) => `${path} imports ${target}`),
  );
}

/** Which layers a layer may import, besides itself and app/paths.ts. */
const arrows: Record<string, readonly string[]> = {
  // `api`: the page that describes it.
  routes: ["api", "http", "ui", "domain"],
  api: ["http", "domain", "infra"],
  http: ["domain", "infra"],
  ui: ["domain"],
  domain: ["infra"],
  emails: ["domain", "infra"],
  jobs: ["domain", "emails", "infra"],
  infra: [],
  commands: ["api", "http", "domain", "emails", "infra", "jobs"],
};

/** The few imports that cross a rule on purpose. */
const allowed: Record<string, string> = {
  "app/routes/health/ready.ts imports app/infra/database-health.server.ts":
    "readiness is about the connection",
  "app/routes/auth/sign-out.ts imports app/infra/session-store.server.ts":
    "ending a session has no rule to it",
  "app/routes/admin/email.tsx imports app/emails/render-email.server.tsx": "staff see exactly what is sent",
  "app/routes/admin/email-preview.ts imports app/emails/render-email.server.tsx":
    "staff see exactly what is sent",
};

const unlessAllowed = (found: string[]) => found.filter((breach) => !(breach in allowed));

test("each way of writing an import is read", () => {
  const text = [
    'import "./style.ts";',
    "import {",
    "  a,",
    '} from "#app/b.ts";',
    'import type { C } from "../c.ts";',
    'export { d } from "#tests/d.ts";',
    'const e = await import("e");',
    'const notOne = "import";',
  ].join("\n");
  expect(importsOf("app/ui/x.ts", text)).toEqual([
    { target: "app/ui/style.ts", typeOnly: false },
    { target: "app/b.ts", typeOnly: false },
    { target: "../c.ts", typeOnly: true },
    { target: "tests/d.ts", typeOnly: false },
    { target: "e", typeOnly: false },
  ]);
});

test("arrows between the layers never turn back", () => {
  const found = breaches((from, target, typeOnly) => {
    const layer = layerOf(from);
    const into = layerOf(target);
    const known = arrows[layer];
    if (!known || !target.startsWith("app/") || into === layer || target === "app/paths.ts") return false;
    if (layer === "infra") return !(into === "domain" && typeOnly) && target !== "app/domain/domain-error.ts";
    return !known.includes(into);
  });
  expect(unlessAllowed(found), `a layer may import only these: ${JSON.stringify(arrows)}`).toEqual([]);
});

test("every exception is still needed", () => {
  const all = new Set(breaches(() => true));
  expect(Object.keys(allowed).filter((exception) => !all.has(exception))).toEqual([]);
});

test("the domain knows neither pages nor the framework", () => {
  const foreign = /^(react|react-dom|express|@remix-run\/.*|@react-email\/.*|lucide-react)(\/|$)/;
  const found = breaches((from, target) => layerOf(from) === "domain" && foreign.test(target));
  expect(found, "domain files hold rules: no React, no Remix, no Express").toEqual([]);
});

test("files that may reach a browser import nothing that runs on the server", () => {
  const found = breaches((from, target, typeOnly) => {
    const exempt = isServer(from) || ["routes", "commands"].includes(layerOf(from)) || !from.includes("/", 4);
    return !exempt && !typeOnly && isServer(target);
  });
  expect(found, "a file without .server is pure: move the import to a .server file").toEqual([]);
});

test("components know no database and no loader", () => {
  const found = breaches(
    (from, target) => layerOf(from) === "ui" && (isServer(target) || target.includes("prisma")),
  );
  const loaders = app.filter(({ path, text }) => layerOf(path) === "ui" && text.includes("useLoaderData"));
  expect(found, "app/ui may import pure files only, not even types of .server files").toEqual([]);
  expect(
    loaders.map(({ path }) => path),
    "a component that needs loader data lies beside its route",
  ).toEqual([]);
});

test("Prisma and the connections stay behind the domain", () => {
  const reachesDatabase = (target: string) =>
    target === "pg" ||
    target.startsWith("@prisma/") ||
    target.startsWith("app/infra/prisma-client/") ||
    target === "app/infra/db.server.ts";
  const found = breaches((from, target, typeOnly) => {
    const layer = layerOf(from);
    if (["infra", "commands", "jobs"].includes(layer)) return false;
    if (layer === "domain" && isServer(from)) return false;
    return reachesDatabase(target) && !(typeOnly && isServer(from));
  });
  expect(unlessAllowed(found), "only domain/**/*.server.ts, infra and commands ask the database").toEqual([]);
});

/**
 * The modules of the domain, top to bottom: a module may import those below it. Need the opposite direction?
 * The caller above passes the data in. Files that lie directly in app/domain are the ground all stand on.
 */
const modules = [
  "checkout",
  "webhook-inbox",
  "stripe-sync",
  // Writing and sending mails reads what the mails are about; owing one (`email-queue`) is far below.
  "email-outbox",
  "subscription",
  "order",
  "license-file",
  "activation",
  "license",
  "signing-key",
  "payment",
  "product",
  "customer",
  "api-key",
  "account",
  "alert",
  "email-queue",
  "audit-log",
  "idempotency",
  "setting",
];

const emailQueue = ["app/domain/email-outbox/email.ts", "app/domain/email-outbox/queue-email.server.ts"];

function moduleOf(path: string): string | null {
  if (emailQueue.includes(path)) return "email-queue";
  return /^app\/domain\/([^/]+)\//.exec(path)?.[1] ?? null;
}

test("every module of the domain has its place in the list", () => {
  const known = new Set(modules);
  const unknown = app.map(({ path }) => moduleOf(path)).filter((name) => name !== null && !known.has(name));
  expect([...new Set(unknown)], "add the module to the list in this file").toEqual([]);
});

test("a module imports only modules below it", () => {
  const found = breaches((from, target, typeOnly) => {
    const [above, below] = [moduleOf(from), moduleOf(target)];
    if (!above || !below || above === below) return false;
    // A page shows things of several modules: its query may use the pure rules of each, which pull nothing in.
    if (/\.queries\.server\.ts$/.test(from) && (!isServer(target) || typeOnly)) return false;
    return modules.indexOf(below) < modules.indexOf(above);
  });
  expect(found, `top to bottom: ${modules.join(", ")}`).toEqual([]);
});

test("the ground of the domain imports no module", () => {
  const ground = /^app\/domain\/[^/]+\.ts$/;
  expect(breaches((from, target) => ground.test(from) && moduleOf(target) !== null)).toEqual([]);
});

test("no import climbs to a parent folder, so that the layer is visible in every import line", () => {
  const found = sources.flatMap(({ path, imports }) =>
    imports.filter(({ target }) => target.startsWith("../")).map(({ target }) => `${path} imports ${target}`),
  );
  expect(found, "write #app/… or #tests/… instead").toEqual([]);
});

test("zod stays out of the browser's bundle", () => {
  const found = breaches(
    (from, target) => /^zod(\/|$)/.test(target) && !isServer(from) && layerOf(from) !== "commands",
  );
  expect(found, "parse in a .server file").toEqual([]);
});

test("the environment is read in one place", () => {
  const readers = [
    "app/infra/env.server.ts",
    "app/infra/logger.server.ts",
    // Hands its own environment on to the database server it starts.
    "app/infra/embedded-postgres-process.server.ts",
  ];
  const found = app.filter(
    ({ path, text }) =>
      text.includes("process.env") && layerOf(path) !== "commands" && !readers.includes(path),
  );
  expect(
    found.map(({ path }) => path),
    "ask getEnv() of app/infra/env.server.ts",
  ).toEqual([]);
});

test("what must not be used is not used", () => {
  const banned: Record<string, string> = {
    $queryRawUnsafe: "write $queryRaw with parameters: text put into SQL is how injections happen",
    $executeRawUnsafe: "write $executeRaw with parameters: text put into SQL is how injections happen",
    createFileSessionStorage: "has an advisory that Remix 2 does not fix; see docs/security.md",
    "@ts-ignore": "say what the type is",
  };
  for (const [word, reason] of Object.entries(banned)) {
    const found = app.filter(({ text }) => text.includes(word)).map(({ path }) => path);
    expect(found, `${word}: ${reason}`).toEqual([]);
  }
});

/** The files of the portal or of the admin area that `app/routes.ts` lists. */
function routeFiles(area: "portal" | "admin"): SourceFile[] {
  const listed = sources.find(({ path }) => path === "app/routes.ts")?.text ?? "";
  return app.filter(({ path }) => path.startsWith(`app/routes/${area}/`) && listed.includes(path.slice(4)));
}

/** The text of an exported loader or action, from its name to the end of its body. */
function serverFunction(text: string, name: "loader" | "action"): string | null {
  const start = new RegExp(`export (async function ${name}\\b|const ${name}\\b|function ${name}\\b)`).exec(
    text,
  );
  if (!start) return null;
  const body = text.slice(start.index);
  const end = body.search(/\n[}\])]+[;\n]/);
  return end < 0 ? body : body.slice(0, end);
}

for (const { area, guard } of [
  { area: "portal", guard: "requireCustomer" },
  { area: "admin", guard: "requireStaff" },
] as const)
  test(`every loader and action of the ${area} asks its guard before anything else`, () => {
    const files = routeFiles(area);
    expect(files.length, `app/routes.ts lists files of ${area}`).toBeGreaterThan(2);
    const unguarded = files.flatMap(({ path, text }) => {
      const isLayout = path.endsWith("/layout.tsx");
      const parts = (["loader", "action"] as const).map((name) => ({
        name,
        body: serverFunction(text, name),
      }));
      if (!parts.some(({ body }) => body)) return [`${path} has neither loader nor action`];
      return parts
        .filter(({ body }) => {
          const firstWait = body ? (/await\s+([\w.]+)\(/.exec(body)?.[1] ?? "nothing") : guard;
          return firstWait !== guard && !(isLayout && body?.includes(`${guard}(`));
        })
        .map(({ name }) => `${path}: ${name} does not begin with await ${guard}(…)`);
    });
    expect(unguarded, "a layout's loader is no guard: Remix runs loaders side by side").toEqual([]);
  });

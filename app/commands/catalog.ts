import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { applyCatalog, planCatalog } from "#app/domain/product/apply-catalog.server.ts";
import type { Catalog } from "#app/domain/product/catalog.ts";
import type { CatalogChange } from "#app/domain/product/catalog-difference.ts";
import { parseCatalogFile } from "#app/domain/product/catalog-file.server.ts";

const usage = `npm run catalog -- apply FILE [--dry-run] [--yes]

  Shows what the file changes about products, policies and prices, then applies it.
  --dry-run  only shows it
  --yes      does not ask before something is taken off sale (only a terminal is asked)`;

runCommand(async () => {
  const { file, dryRun, yes } = readArguments(process.argv.slice(2));
  const catalog = await readCatalogFile(file);
  const { stop } = await bootstrap();
  try {
    await run(catalog, { dryRun, yes });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new CommandError(error.publicMessage, { cause: error });
  } finally {
    await stop();
  }
});

async function run(catalog: Catalog, options: { dryRun: boolean; yes: boolean }): Promise<void> {
  const planned = await planCatalog(catalog);
  if (planned.length === 0)
    return console.log("Nothing to change: the shop already sells what the file says.");
  print(planned);
  if (options.dryRun) return console.log("\nNothing was applied (--dry-run).");
  if (!options.yes && !(await isAgreed(planned))) return console.log("\nNothing was applied.");
  const applied = await applyCatalog({
    file: catalog,
    actor: systemActor("npm run catalog"),
    now: new Date(),
  });
  console.log(
    `\nApplied: ${applied.length === 1 ? "1 change" : `${applied.length} changes`}. Sold licenses keep their terms.`,
  );
}

function readArguments(given: string[]): { file: string; dryRun: boolean; yes: boolean } {
  try {
    const options = { "dry-run": { type: "boolean" }, yes: { type: "boolean" } } as const;
    const { positionals, values } = parseArgs({ args: given, options, allowPositionals: true });
    const [verb, file, ...rest] = positionals;
    if (verb === "apply" && file !== undefined && rest.length === 0)
      return { file, dryRun: values["dry-run"] ?? false, yes: values.yes ?? false };
  } catch (cause) {
    throw new CommandError(`${cause instanceof Error ? cause.message : cause}\n\n${usage}`, { cause });
  }
  throw new CommandError(usage);
}

async function readCatalogFile(file: string): Promise<Catalog> {
  // npm runs scripts in the folder of package.json; the person meant the folder they are in.
  const path = resolve(process.env.INIT_CWD ?? ".", file);
  const contents = await readFile(path, "utf8").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`The catalog file cannot be read: ${why}`, { cause });
  });
  try {
    return parseCatalogFile(contents);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new CommandError(error.publicMessage, { cause: error });
  }
}

function print(changes: CatalogChange[]): void {
  const signs = { added: "+", changed: "~", archived: "-" } as const;
  for (const change of changes) console.log(`${signs[change.kind]} ${change.text}`);
}

/** Only taking something off sale is worth a question, and only where a person can answer it. */
async function isAgreed(changes: CatalogChange[]): Promise<boolean> {
  if (!process.stdin.isTTY || !changes.some((change) => change.kind === "archived")) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question("\nApply this? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}

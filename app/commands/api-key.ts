import { parseArgs } from "node:util";
import { z } from "zod";
import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { type ListedApiKey, listApiKeyPage } from "#app/domain/api-key/api-key.queries.server.ts";
import {
  createApiKey,
  type MadeApiKey,
  revokeApiKey,
  rotateApiKey,
} from "#app/domain/api-key/api-key.server.ts";
import { maskedApiKey, overlapDefaultHours } from "#app/domain/api-key/api-key.ts";
import {
  apiKeyName,
  expiryDay,
  overlapInHours,
  scopeList,
} from "#app/domain/api-key/api-key-input.server.ts";
import { scopes } from "#app/domain/api-key/scopes.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { currentTime } from "#app/infra/clock.server.ts";

const usage = `Usage:
  npm run api-key -- create --name NAME --scopes SCOPES [--expires YYYY-MM-DD]
  npm run api-key -- list
  npm run api-key -- rotate ID [--overlap HOURS]
  npm run api-key -- revoke ID
SCOPES: all, or some of ${scopes.join(",")}
The key is the last line of what create and rotate print. It is shown only then.`;

const id = z.string("the ID of a key, as list shows it").min(1);
const WishSchema = z.discriminatedUnion("act", [
  z.strictObject({
    act: z.literal("create"),
    name: apiKeyName,
    scopes: z
      .string("all, or some of the scopes below with commas between")
      .transform((text) => (text.trim() === "all" ? [...scopes] : text.split(",").map((part) => part.trim())))
      .pipe(scopeList),
    expires: expiryDay.optional(),
  }),
  z.strictObject({ act: z.literal("list") }),
  z.strictObject({ act: z.literal("rotate"), id, overlap: overlapInHours.optional() }),
  z.strictObject({ act: z.literal("revoke"), id }),
]);
type Wish = z.infer<typeof WishSchema>;

async function main(): Promise<void> {
  const wish = readWish(process.argv.slice(2));
  const { stop } = await bootstrap({ log: quiet });
  try {
    await carryOut(wish, currentTime());
  } catch (error) {
    throw error instanceof DomainError ? new CommandError(error.publicMessage) : error;
  } finally {
    await stop();
  }
}

/** @throws CommandError that names what is wrong and shows the right use. */
function readWish(args: string[]): Wish {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const [act, keyId, ...rest] = given.positionals;
  if (act === undefined || rest.length > 0) throw new CommandError(usage);
  const wish = WishSchema.safeParse({ act, ...(keyId !== undefined && { id: keyId }), ...given.values });
  if (wish.success) return wish.data;
  const problems = wish.error.issues.flatMap(({ path, message }) =>
    path[0] === undefined || path[0] === "act"
      ? []
      : [`${path[0] === "id" ? "ID" : `--${String(path[0])}`}: ${message}`],
  );
  throw new CommandError([...new Set(problems), usage].join("\n"));
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const options = { name: text, scopes: text, expires: text, overlap: text };
  return parseArgs({ args, options, allowPositionals: true, strict: true });
}

async function carryOut(wish: Wish, now: Date): Promise<void> {
  const by = { actor: systemActor("npm run api-key"), now, requestId: null, createdBy: "command line" };
  switch (wish.act) {
    case "create":
      return printKey("Created", await createApiKey({ ...by, ...wish, expiresAt: wish.expires ?? null }));
    case "rotate": {
      const overlapHours = wish.overlap ?? overlapDefaultHours;
      const made = await rotateApiKey({ ...by, id: wish.id, overlapHours });
      return printKey(`The old key works for ${overlapHours} more hours at most. Created`, made);
    }
    case "revoke": {
      const { name, hint } = await revokeApiKey({ ...by, id: wish.id });
      return console.log(`${name} (${maskedApiKey(hint)}) is revoked and refused from now on.`);
    }
    case "list":
      return printList(now);
  }
}

/** The key stands alone on the last line, so that a script can take it from there. */
function printKey(done: string, { key, record }: MadeApiKey): void {
  const { id: keyId, name, scopes: granted, expiresAt } = record;
  console.log(`${done} ${keyId} (${name}), ${granted.join(", ")}, ${untilWords(expiresAt)}.`);
  console.log("Store it now, it is not shown again:");
  console.log(key);
}

async function printList(now: Date): Promise<void> {
  let after: string | null | undefined;
  let count = 0;
  do {
    const page = await listApiKeyPage({ now, limit: 100, after: after ?? undefined });
    for (const key of page.rows) console.log(describe(key));
    count += page.rows.length;
    after = page.next;
  } while (after);
  if (count === 0) console.log("There are no API keys yet.");
}

function describe(key: ListedApiKey): string {
  const used = key.lastUsedAt ? `used ${key.lastUsedAt.toISOString()}` : "never used";
  return [
    `${key.id}  ${key.state}  ${maskedApiKey(key.hint)}  ${key.name}`,
    `  ${key.scopes.join(", ")}`,
    `  by ${key.createdBy} ${key.createdAt.toISOString()}, ${used}, ${untilWords(key.expiresAt)}`,
  ].join("\n");
}

const untilWords = (at: Date | null) => (at ? `expires ${at.toISOString()}` : "does not expire");

/** Somebody who makes a key wants to read that, not how the database starts. */
const quiet = { info: () => undefined, warn: (message: string) => console.error(message) };

runCommand(main);

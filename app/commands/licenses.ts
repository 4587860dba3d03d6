import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { DomainError } from "#app/domain/domain-error.ts";
import { carryOutImport, checkImport } from "#app/domain/license/import-licenses.server.ts";
import { readImportFile, type WrongLine } from "#app/domain/license/read-import-file.server.ts";
import { currentTime } from "#app/infra/clock.server.ts";

const usage = `Usage:
  npm run licenses -- import FILE [--skip-wrong]
FILE: a CSV table whose first line names the columns, or a JSON array of objects, with
  key          as customers hold it; it goes on unchanged
  policy       slug, id, UUID or number of a policy in the catalog
  email        of the customer; left out: nobody's yet
  name         of the customer
  validUntil   2027-12-03, 2027-12-03T10:00:00Z or never; left out: what the policy says
  deviceLimit  a number or unlimited; left out: what the policy says
  metadata.NAME  a text for your own use; in JSON an object called metadata
Nothing is written unless every line is right, or --skip-wrong is given. Safe to repeat.`;

async function main(): Promise<void> {
  const wish = readWish(process.argv.slice(2));
  const { lines, wrong } = readImport(await readText(wish.file));
  const { stop } = await bootstrap({ log: quiet });
  try {
    const by = { actor: systemActor("npm run licenses"), now: currentTime(), reason: "Imported from a file" };
    const checked = await checkImport(lines, by);
    const allWrong = inOrder([...wrong, ...checked.wrong]);
    if (allWrong.length > 0 && !wish.skipsWrong)
      throw new CommandError(
        `Nothing was imported. ${counted(allWrong.length, "license")} of ${lines.length + wrong.length} cannot be:\n${list(allWrong)}\nChange the file, or leave them out with --skip-wrong.`,
      );
    await carryOutImport(checked.fresh);
    console.log(`${counted(checked.fresh.length, "license")} imported.`);
    if (checked.known > 0) console.log(`Already there: ${counted(checked.known, "license")}.`);
    if (allWrong.length > 0)
      console.error(`Left out: ${counted(allWrong.length, "license")}.\n${list(allWrong)}`);
  } catch (error) {
    throw error instanceof DomainError
      ? new CommandError(`${error.publicMessage}\nRun the same command again for the rest.`)
      : error;
  } finally {
    await stop();
  }
}

/** @throws CommandError that shows the right use. */
function readWish(args: string[]): { file: string; skipsWrong: boolean } {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  const [act, file, ...rest] = given.positionals;
  if (act !== "import" || file === undefined || rest.length > 0) throw new CommandError(usage);
  return { file, skipsWrong: given.values["skip-wrong"] === true };
}

function parse(args: string[]) {
  const options = { "skip-wrong": { type: "boolean" } } as const;
  return parseArgs({ args, options, allowPositionals: true, strict: true });
}

/** @throws CommandError */
async function readText(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new CommandError(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new CommandError(`${file} is no UTF-8 text. Save it as "CSV UTF-8", or as JSON.`);
  }
}

function readImport(contents: string): ReturnType<typeof readImportFile> {
  try {
    return readImportFile(contents);
  } catch (error) {
    throw error instanceof DomainError ? new CommandError(`${error.publicMessage}\n${usage}`) : error;
  }
}

function inOrder(wrong: WrongLine[]): WrongLine[] {
  const number = ({ place }: WrongLine) => Number(place.split(" ")[1]);
  return wrong.sort((one, other) => number(one) - number(other));
}

const list = (wrong: readonly WrongLine[]) =>
  wrong.map(({ place, reason }) => `  ${place}: ${reason}`).join("\n");

const counted = (count: number, what: string) => `${count} ${count === 1 ? what : `${what}s`}`;

/** Somebody who imports licenses wants to read about those, not how the database starts. */
const quiet = { info: () => undefined, warn: (message: string) => console.error(message) };

runCommand(main);

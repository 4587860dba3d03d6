import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { systemActor } from "#app/domain/audit-log/audit-event.ts";
import { recordAudit } from "#app/domain/audit-log/audit-log.server.ts";
import {
  isSettingName,
  type SettingName,
  settingNames,
  settingValueWords,
  settingWords,
} from "#app/domain/setting/setting-words.ts";
import { readSettings, settingSchemas } from "#app/domain/setting/settings.server.ts";
import { defaultSettings, type Settings } from "#app/domain/setting/settings.ts";
import { db, inTransaction } from "#app/infra/db.server.ts";
import { Prisma } from "#app/infra/prisma-client/client.ts";

const usage = `Usage:
  npm run settings                        lists all settings
  npm run settings -- set NAME VALUE      chooses a value
  npm run settings -- reset NAME          goes back to the default`;

type Wish =
  | { act: "list" }
  | { act: "set"; name: SettingName; value: Value }
  | { act: "reset"; name: SettingName };
type Value = Settings[SettingName];

async function main(): Promise<void> {
  const wish = readWish(process.argv.slice(2));
  const { stop } = await bootstrap({ log: quiet });
  try {
    if (wish.act !== "list")
      await change(wish.name, wish.act === "set" ? wish.value : null, wish.act, new Date());
    console.log(describeAll(await readSettings(db()), wish.act === "list" ? settingNames : [wish.name]));
    if (wish.act !== "list") console.log(afterwards);
  } finally {
    await stop();
  }
}

const afterwards =
  "The license server follows within a second. What it does to licenses counts from the next time each purchase is compared with Stripe: at its next event, at its next timer, or when staff sync it.";

/** @throws CommandError that names what is wrong and what would be right. */
function readWish(args: readonly string[]): Wish {
  const [act, name, typed, ...rest] = args;
  if (act === undefined || (act === "list" && name === undefined)) return { act: "list" };
  if ((act !== "set" && act !== "reset") || name === undefined || rest.length > 0)
    throw new CommandError(usage);
  if (!isSettingName(name))
    throw new CommandError(`There is no setting ${name}. There are: ${settingNames.join(", ")}.`);
  if (act === "reset") {
    if (typed !== undefined) throw new CommandError(usage);
    return { act, name };
  }
  if (typed === undefined) throw new CommandError(`${usage}\n${choicesOf(name)}`);
  return { act, name, value: readValue(name, typed) };
}

/** Numbers and null are typed as they are, everything else is a word. */
function readValue(name: SettingName, typed: string): Value {
  const value = typed === "null" ? null : /^-?\d+(\.\d+)?$/.test(typed) ? Number(typed) : typed;
  const parsed = settingSchemas[name].safeParse(value);
  if (!parsed.success) throw new CommandError(`${name} cannot be ${typed}.\n${choicesOf(name)}`);
  return parsed.data;
}

/** Writes the choice with its record, or neither; choosing what is chosen already writes nothing. */
async function change(name: SettingName, value: Value, act: "set" | "reset", now: Date): Promise<void> {
  await inTransaction(async (tx) => {
    const before = (await readSettings(tx))[name];
    const after = act === "reset" ? defaultSettings[name] : value;
    const stored = after === null ? Prisma.JsonNull : after;
    if (act === "reset") await tx.setting.deleteMany({ where: { name } });
    else
      await tx.setting.upsert({
        where: { name },
        create: { name, value: stored },
        update: { value: stored },
      });
    if (before === after) return;
    await recordAudit(tx, {
      now,
      actor: systemActor("npm run settings"),
      event: "setting.changed",
      target: { type: "setting", id: name },
      before: { [name]: before },
      after: { [name]: after },
    });
  });
}

function describeAll(settings: Settings, names: readonly SettingName[]): string {
  return names
    .map((name) => {
      const value = settings[name];
      const chosen =
        value === defaultSettings[name] ? "default" : `default: ${String(defaultSettings[name])}`;
      return `${name} = ${String(value)} (${chosen})\n  ${settingWords(name).meaning}: ${settingValueWords(name, value)}.\n${choicesOf(name)}`;
    })
    .join("\n\n");
}

function choicesOf(name: SettingName): string {
  return Object.entries(settingWords(name).choices)
    .map(([choice, does]) => (choice === "number" ? `    a number of ${does}` : `    ${choice}: ${does}`))
    .join("\n");
}

/** Somebody who looks up a setting wants to read it, not how the database starts. */
const quiet = { info: () => undefined, warn: (message: string) => console.error(message) };

runCommand(main);

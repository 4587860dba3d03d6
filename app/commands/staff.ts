import { parseArgs } from "node:util";
import { z } from "zod";
import { askPassword } from "#app/commands/ask-password.ts";
import { bootstrap, CommandError, runCommand } from "#app/commands/bootstrap.ts";
import { emailAddress } from "#app/domain/account/email-address.server.ts";
import { roles } from "#app/domain/account/roles.ts";
import { addStaff } from "#app/domain/account/staff.server.ts";
import { passwordProblem } from "#app/domain/account/staff.ts";
import { DomainError } from "#app/domain/domain-error.ts";

const usage = `Usage: npm run staff -- add --email ADDRESS --role ${roles.join("|")} [--name NAME]
The password is asked for, or read from standard input.`;

const OptionsSchema = z.object({
  email: emailAddress,
  role: z.enum(roles, `one of ${roles.join(", ")}`),
  name: z
    .string()
    .trim()
    .min(1, "leave it out, or give a name")
    .max(200, "at most 200 characters")
    .optional(),
});

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const password = await askPassword(`Password for ${options.email}`);
  const problem = passwordProblem(password, options.email);
  if (problem) throw new CommandError(problem);
  const { stop } = await bootstrap({ log: quiet });
  try {
    const { email, role } = await addStaff({ ...options, password, now: new Date() });
    console.log(`${email} can sign in as ${role} now.`);
  } catch (error) {
    throw error instanceof DomainError ? new CommandError(error.publicMessage) : error;
  } finally {
    await stop();
  }
}

/** @throws CommandError that names what is wrong and shows the right use. */
function readOptions(args: string[]): z.infer<typeof OptionsSchema> {
  let given: ReturnType<typeof parse>;
  try {
    given = parse(args);
  } catch (error) {
    throw new CommandError(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  if (given.positionals.join(" ") !== "add") throw new CommandError(usage);
  const options = OptionsSchema.safeParse(given.values);
  if (options.success) return options.data;
  throw new CommandError(
    [...options.error.issues.map(({ path, message }) => `--${path.join()}: ${message}`), usage].join("\n"),
  );
}

function parse(args: string[]) {
  const options = { email: { type: "string" }, role: { type: "string" }, name: { type: "string" } } as const;
  return parseArgs({ args, options, allowPositionals: true, strict: true });
}

/** Somebody who adds a member wants to read one line, not how the database starts. */
const quiet = { info: () => undefined, warn: (message: string) => console.error(message) };

runCommand(main);

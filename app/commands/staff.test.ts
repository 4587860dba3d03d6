import { expect, test } from "vitest";
import { verifyStaffPassword } from "#app/domain/account/staff.server.ts";
import { db } from "#app/infra/db.server.ts";
import { runCommandFile } from "#tests/setup/run-command-file.ts";
import { useTestRuntime } from "#tests/setup/runtime.ts";

const env = await useTestRuntime();

/** `npm run staff -- …`, with `input` on standard input. */
const staff = (args: string[], input: string) =>
  runCommandFile(env, "app/commands/staff.ts", args, { input });

test("a member is added with the password from standard input and can sign in with it", async () => {
  const password = "correct horse battery";
  const args = ["add", "--email", "Olga@Example.com", "--role", "admin", "--name", "Olga"];
  expect(await staff(args, `${password}\n`)).toEqual({
    code: 0,
    stdout: "olga@example.com can sign in as admin now.\n",
    stderr: "",
  });
  expect(await verifyStaffPassword({ email: "olga@example.com", password })).toMatchObject({
    name: "Olga",
    role: "admin",
  });
  const again = await staff(args, `${password}\n`);
  expect([again.code, again.stderr]).toEqual([1, "olga@example.com is a member of staff already.\n"]);
});

test("wrong use is told with the right use, and adds nobody", async () => {
  const before = await db().staffMember.count();
  const good = ["add", "--email", "a@example.com", "--role", "viewer"];
  const cases: [args: string[], input: string, message: RegExp][] = [
    [[], "", /^Usage: npm run staff -- add/],
    [
      ["add", "--email", "nonsense", "--role", "god"],
      "",
      /--email: .*\n--role: one of owner, admin, support, viewer\nUsage/,
    ],
    [["add", "--mail", "a@example.com"], "", /--mail.*\nUsage/],
    [good, "", /No password came/],
    [good, "too short\n", /at least 12/],
  ];
  for (const [args, input, message] of cases) {
    const { code, stdout, stderr } = await staff(args, input);
    expect([code, stdout], args.join(" ")).toEqual([1, ""]);
    expect(stderr, args.join(" ")).toMatch(message);
    expect(stderr).not.toMatch(/ at .*:\d+:\d+/);
  }
  expect(await db().staffMember.count()).toBe(before);
});

import { expect, test } from "vitest";
import { z } from "zod";
import { DomainError } from "#app/domain/domain-error.ts";
import { formErrorResponse, invalidForm, parseForm, parseQuery } from "#app/http/forms.server.ts";

const schema = z.object({
  email: z.email(),
  reason: z.string().min(3, "Say why, in three characters or more.").max(10),
  quantity: z.coerce.number().int().min(1).max(5).default(1),
  tone: z.enum(["kind", "plain"]).optional(),
});

function posted(fields: Record<string, string> | [string, string][]): Request {
  return new Request("http://localhost/", { method: "POST", body: new URLSearchParams(fields) });
}

test("a good form comes back parsed, with its texts trimmed", async () => {
  const parsed = await parseForm(posted({ email: "  a@b.example ", reason: "\tlost " }), schema);
  expect(parsed).toMatchObject({ ok: true, value: { email: "a@b.example", reason: "lost", quantity: 1 } });
});

test("each wrong field gets one message that says what to do, and what was typed is kept", async () => {
  const parsed = await parseForm(
    posted({ email: "nobody", reason: "a", quantity: "9", tone: "rude" }),
    schema,
  );
  expect(parsed).toEqual({
    ok: false,
    state: {
      errors: {
        email: "Enter an email address, for example name@example.com.",
        reason: "Say why, in three characters or more.",
        quantity: "Enter at most 5.",
        tone: "Choose one of the options.",
      },
      values: { email: "nobody", reason: "a", quantity: "9", tone: "rude" },
    },
  });
});

test("missing fields, blank fields and words for numbers are each named", async () => {
  const words = z.object({ name: z.string().min(1), note: z.string(), count: z.coerce.number() });
  const parsed = await parseForm(posted({ name: "   ", count: "many" }), words);
  expect(parsed).toMatchObject({
    ok: false,
    state: { errors: { name: "This is missing.", note: "This is missing.", count: "Enter a number." } },
  });
});

test("passwords and codes are never sent back", async () => {
  const secret = z.object({ email: z.email(), password: z.string(), code: z.string().min(8) });
  const fields = { email: "x", password: "hunter22", newPassword: "hunter23", code: "ABCD" };
  const parsed = await parseForm(posted(fields), secret);
  expect(parsed).toMatchObject({ ok: false, state: { values: { email: "x" } } });
  expect(JSON.stringify(parsed)).not.toMatch(/hunter|ABCD/);
});

test.each([
  [
    "a body of another kind",
    new Request("http://localhost/", {
      method: "POST",
      body: "{}",
      headers: { "Content-Type": "application/json" },
    }),
  ],
  [
    "a broken multipart body",
    new Request("http://localhost/", {
      method: "POST",
      body: "--x",
      headers: { "Content-Type": "multipart/form-data; boundary=y" },
    }),
  ],
  ["no body", new Request("http://localhost/", { method: "POST" })],
])("%s is a message, not a failure", async (_name, request) => {
  const parsed = await parseForm(request, schema);
  expect(parsed).toMatchObject({ ok: false, state: { formError: expect.stringContaining("send it again") } });
});

test("odd input does no harm: NUL, repeated names, __proto__, files", async () => {
  const body = new FormData();
  body.append("email", "a\0@b.example");
  body.append("reason", "one");
  body.append("reason", "two");
  body.append("__proto__", "polluted");
  body.append("tone", new File(["x"], "kind"));
  const parsed = await parseForm(new Request("http://localhost/", { method: "POST", body }), schema);
  expect(parsed).toEqual({
    ok: false,
    state: { errors: { reason: "This is not valid." }, values: { email: "a@b.example" } },
  });
  expect(Object.getPrototypeOf({}).polluted).toBeUndefined();
});

const query = z.object({
  q: z.string().max(20).default(""),
  status: z.enum(["active", "expired"]).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
});

test.each([
  ["", { q: "", limit: 25 }],
  ["?q=+ada+&status=active&limit=50", { q: "ada", status: "active", limit: 50 }],
  ["?status=nonsense&limit=-1&q=ada&unknown=1", { q: "ada", limit: 25 }],
  ["?q=a&q=b&limit=ten", { q: "", limit: 25 }],
  ["?q=%00&limit=1e99", { q: "", limit: 25 }],
  ["?q=%E0%A4%A&status[]=active", { q: "\uFFFD%A", limit: 25 }],
])("the query %j is read as %j", (search, expected) => {
  expect(parseQuery(new URL(`http://localhost/${search}`), query)).toEqual(expected);
});

test("a refused form is 422, a rule of the domain has the status of its code", async () => {
  const state = { errors: { email: "Enter one." }, values: {} };
  const invalid = invalidForm(state);
  expect([invalid.status, await invalid.json()]).toEqual([422, { form: state }]);

  const form = new FormData();
  form.append("reason", "lost");
  form.append("password", "hunter22");
  const conflict = formErrorResponse(new DomainError("CONFLICT", "Somebody was faster."), form);
  expect([conflict.status, await conflict.json()]).toEqual([
    409,
    { form: { errors: {}, formError: "Somebody was faster.", values: { reason: "lost" } } },
  ]);
  const field = formErrorResponse(new DomainError("INVALID", "Too short.", { field: "reason" }), form);
  expect(await field.json()).toMatchObject({ form: { errors: { reason: "Too short." } } });
});

test("what is not a refusal of the domain goes on as it is", () => {
  const bug = new TypeError("x is undefined");
  expect(() => formErrorResponse(bug, new FormData())).toThrow(bug);
});

import { Form } from "@remix-run/react";
import { type FormEvent, useState } from "react";
import { worksUntilWords } from "#app/domain/license/end-words.ts";
import {
  type ExtensionChoice,
  extendedEnd,
  extensionFrom,
  extensionPresets,
} from "#app/domain/license/extend-license.ts";
import { heldAfterExtension } from "#app/domain/license/hold-remedies.ts";
import { dayWords, listWords } from "#app/domain/license/license-words.ts";
import { ActForm, type ChangeFormProps, ReasonAndNotice } from "#app/routes/admin/license-change-forms.tsx";
import type { ShownLicense } from "#app/routes/admin/shown-license.ts";
import { Button } from "#app/ui/button.tsx";
import { HiddenField, RadioGroup, SelectField, TextField } from "#app/ui/field.tsx";
import { useHydrated } from "#app/ui/use-hydrated.ts";

export type Choice = ExtensionChoice;

const periods = [
  ...extensionPresets.map(({ value, label }) => ({ value, label })),
  { value: "custom", label: "Another period" },
  { value: "date", label: "To a date" },
];
const units = [
  { value: "day", label: "days" },
  { value: "month", label: "months" },
  { value: "year", label: "years" },
];

type ExtendFormProps = ChangeFormProps & {
  /** What the address asks a preview for. */
  choice: Choice;
  now: string;
};

/**
 * How long, with the new end, then why. How long is a form of its own that asks by GET, so that the server can
 * show the new end without scripts; with scripts it shows at every change, by the same function.
 */
export function ExtendForm({ choice: asked, now, ...form }: ExtendFormProps) {
  const { license, values, errors } = form;
  // After a refusal the form's own fields are newer than the address.
  const [choice, setChoice] = useState<Choice>({
    period: values.period ?? asked.period,
    count: values.count ?? asked.count,
    unit: values.unit ?? asked.unit,
    date: values.date ?? asked.date,
  });
  const { validUntil } = license.assessment;
  const reached = extendedEnd({
    current: validUntil ? new Date(validUntil) : null,
    revoked: license.revokedAt !== null,
    extension: extensionFrom(choice),
    now: new Date(now),
  });
  return (
    <>
      <HowLong choice={choice} errors={errors} onChoice={setChoice} />
      <div role="status" className="rounded-lg border border-line bg-sunken px-4 py-3">
        <p className="text-sm text-ink-muted">Now: {license.ends}</p>
        <p className={reached.ok ? "font-medium" : "font-medium text-bad"}>
          {reached.ok ? `New end: ${dayWords(reached.end)}` : reached.problem}
        </p>
        {reached.ok && (
          <p className="text-sm text-ink-muted">{afterwards(license, reached.end, new Date(now))}</p>
        )}
      </div>
      <ActForm {...form} intent="extend" label="Extend license">
        {Object.entries(choice).map(([name, value]) => (
          <HiddenField key={name} name={name} value={value} />
        ))}
        <ReasonAndNotice {...form} />
      </ActForm>
    </>
  );
}

/** How the new end comes about, and whether the license works with it. */
function afterwards(license: ShownLicense, extendedUntil: Date, now: Date): string {
  const at = (text: string | null) => (text ? new Date(text) : null);
  const { unpaid, others } = heldAfterExtension(license.holds);
  const ends = { paidUntil: at(license.paidUntil), graceUntil: at(license.graceUntil), extendedUntil };
  const end = worksUntilWords(ends, { held: others.length > 0, now });
  if (others.length > 0) return `${end} It stays on hold because of ${listWords(others)}.`;
  return unpaid ? `${end} The hold for the unpaid renewal is lifted: it works again at once.` : end;
}

type HowLongProps = {
  choice: Choice;
  errors: Record<string, string>;
  onChoice: (choice: Choice) => void;
};

function HowLong({ choice, errors, onChoice }: HowLongProps) {
  const scripted = useHydrated();
  const shows = (period: string) => !scripted || choice.period === period;
  function read(event: FormEvent<HTMLFormElement>) {
    const fields = new FormData(event.currentTarget);
    const text = (name: keyof Choice) => String(fields.get(name) ?? choice[name]);
    onChoice({ period: text("period"), count: text("count"), unit: text("unit"), date: text("date") });
  }
  return (
    <Form method="get" className="grid gap-4" onChange={read} preventScrollReset>
      <HiddenField name="do" value="extend" />
      <RadioGroup legend="For how long" name="period" options={periods} defaultValue={choice.period} />
      {shows("custom") && (
        <div className="grid grid-cols-2 gap-3">
          <TextField
            label="Number"
            name="count"
            inputMode="numeric"
            maxLength={6}
            error={errors.count}
            defaultValue={choice.count}
          />
          <SelectField label="Unit" name="unit" options={units} defaultValue={choice.unit} />
        </div>
      )}
      {shows("date") && (
        <TextField
          label="Last day"
          name="date"
          type="date"
          hint="The license works to the end of this day in UTC."
          error={errors.date}
          defaultValue={choice.date}
        />
      )}
      {!scripted && (
        <Button variant="secondary" className="justify-self-start">
          Show new end
        </Button>
      )}
    </Form>
  );
}

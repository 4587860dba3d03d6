import { clsx } from "clsx";
import { ChevronDown, CircleAlert } from "lucide-react";
import type { ComponentPropsWithoutRef, ReactNode } from "react";

type Described = {
  label: string;
  name: string;
  /** Defaults to the name, which is what ErrorSummary links to. Give one when a page has two forms. */
  id?: string | undefined;
  error?: string | undefined;
  hint?: ReactNode;
  /** Keeps the label for screen readers only, where the place makes it plain, as in a search box. */
  labelHidden?: boolean | undefined;
};

const control =
  "w-full min-w-0 rounded-lg border bg-surface px-3 py-2 text-base leading-6 text-ink shadow-card sm:text-[0.9375rem] " +
  "placeholder:text-ink-muted disabled:bg-sunken disabled:text-ink-muted";
const edge = (error: string | undefined) => (error ? "border-bad" : "border-line-strong");

function describedBy(id: string, error: string | undefined, hint: ReactNode): string | undefined {
  return clsx(error && `${id}-error`, hint && `${id}-hint`) || undefined;
}

function FieldFrame(props: Omit<Described, "name"> & { id: string; children: ReactNode }) {
  const { id, label, labelHidden, hint, error, children } = props;
  return (
    <div className="grid min-w-0 content-start gap-1.5">
      <label htmlFor={id} className={clsx(labelHidden ? "sr-only" : "text-sm font-medium")}>
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="-mt-1 text-sm text-ink-muted">
          {hint}
        </p>
      )}
      {children}
      <FieldError id={id} error={error} />
    </div>
  );
}

function FieldError({ id, error }: { id: string; error: string | undefined }) {
  if (!error) return null;
  return (
    <p id={`${id}-error`} className="flex items-start gap-1.5 text-sm font-medium text-bad">
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 flex-none" />
      <span>
        <span className="sr-only">Error: </span>
        {error}
      </span>
    </p>
  );
}

export type TextFieldProps = Described & Omit<ComponentPropsWithoutRef<"input">, "name" | "id">;

export function TextField({
  label,
  name,
  id,
  error,
  hint,
  labelHidden,
  className,
  ...input
}: TextFieldProps) {
  const fieldId = id ?? name;
  return (
    <FieldFrame id={fieldId} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <input
        type="text"
        {...input}
        id={fieldId}
        name={name}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(fieldId, error, hint)}
        className={clsx(control, edge(error), className)}
      />
    </FieldFrame>
  );
}

export type TextAreaProps = Described & Omit<ComponentPropsWithoutRef<"textarea">, "name" | "id">;

export function TextArea({ label, name, id, error, hint, labelHidden, className, ...input }: TextAreaProps) {
  const fieldId = id ?? name;
  return (
    <FieldFrame id={fieldId} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <textarea
        rows={3}
        {...input}
        id={fieldId}
        name={name}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy(fieldId, error, hint)}
        className={clsx(control, edge(error), className)}
      />
    </FieldFrame>
  );
}

export type Option = { value: string; label: string };
export type SelectFieldProps = Described &
  Omit<ComponentPropsWithoutRef<"select">, "name" | "id" | "children"> & { options: readonly Option[] };

export function SelectField(props: SelectFieldProps) {
  const { label, name, id, error, hint, labelHidden, options, className, ...select } = props;
  const fieldId = id ?? name;
  return (
    <FieldFrame id={fieldId} label={label} hint={hint} error={error} labelHidden={labelHidden}>
      <span className="relative block">
        <select
          {...select}
          id={fieldId}
          name={name}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy(fieldId, error, hint)}
          className={clsx(control, edge(error), "appearance-none pr-9", className)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <ChevronDown
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-3 size-4 -translate-y-1/2 text-ink-muted"
        />
      </span>
    </FieldFrame>
  );
}

export type CheckboxFieldProps = Described & Omit<ComponentPropsWithoutRef<"input">, "name" | "id" | "type">;

export function CheckboxField({ label, name, id, error, hint, className, ...input }: CheckboxFieldProps) {
  const fieldId = id ?? name;
  return (
    <div className="grid gap-1">
      <div className="flex items-start gap-3">
        <input
          {...input}
          type="checkbox"
          id={fieldId}
          name={name}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy(fieldId, error, hint)}
          className={clsx("mt-px size-6 flex-none accent-accent-fill sm:mt-0.5 sm:size-5", className)}
        />
        <div className="min-w-0 pt-0.5">
          <label htmlFor={fieldId} className="block text-[0.9375rem] leading-6">
            {label}
          </label>
          {hint && (
            <p id={`${fieldId}-hint`} className="text-sm text-ink-muted">
              {hint}
            </p>
          )}
        </div>
      </div>
      <FieldError id={fieldId} error={error} />
    </div>
  );
}

export type RadioOption = Option & { hint?: ReactNode };
export type RadioGroupProps = {
  legend: string;
  name: string;
  options: readonly RadioOption[];
  error?: string | undefined;
  hint?: ReactNode;
  defaultValue?: string | undefined;
  required?: boolean | undefined;
  /** Told when another option is chosen, for a page that shows an effect at once. */
  onValueChange?: ((value: string) => void) | undefined;
};

/** The first option carries the group's name as its id, so that ErrorSummary's link lands on it. */
export function RadioGroup(props: RadioGroupProps) {
  const { legend, name, options, error, hint, defaultValue, required, onValueChange } = props;
  return (
    <fieldset className="grid min-w-0 gap-2" aria-describedby={describedBy(name, error, hint)}>
      <legend className="mb-1.5 text-sm font-medium">{legend}</legend>
      {hint && (
        <p id={`${name}-hint`} className="-mt-1 text-sm text-ink-muted">
          {hint}
        </p>
      )}
      {options.map((option, index) => {
        const optionId = index === 0 ? name : `${name}-${option.value}`;
        return (
          <div key={option.value} className="flex items-start gap-3">
            <input
              type="radio"
              id={optionId}
              name={name}
              value={option.value}
              required={required}
              defaultChecked={option.value === defaultValue}
              onChange={onValueChange && (() => onValueChange(option.value))}
              aria-describedby={option.hint ? `${optionId}-hint` : undefined}
              className="mt-px size-6 flex-none accent-accent-fill sm:mt-0.5 sm:size-5"
            />
            <div className="min-w-0 pt-0.5">
              <label htmlFor={optionId} className="block text-[0.9375rem] leading-6">
                {option.label}
              </label>
              {option.hint && (
                <p id={`${optionId}-hint`} className="text-sm text-ink-muted">
                  {option.hint}
                </p>
              )}
            </div>
          </div>
        );
      })}
      <FieldError id={name} error={error} />
    </fieldset>
  );
}

export function HiddenField({ name, value }: { name: string; value: string | number }) {
  return <input type="hidden" name={name} value={value} />;
}

export { ErrorSummary } from "./error-summary.tsx";

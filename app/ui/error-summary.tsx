import { CircleAlert } from "lucide-react";
import { useEffect, useRef } from "react";

/** What `FormState` of app/http/form-state.ts looks like from here. */
type FormErrors = { errors: Record<string, string>; formError?: string | undefined };

type ErrorSummaryProps = {
  state: FormErrors | undefined;
  /** Names a field before its message, where the message alone does not. */
  labels?: Record<string, string> | undefined;
};

/** What is wrong with a form, above it, with a link to each field. Takes focus when a new answer brings it. */
export function ErrorSummary({ state, labels }: ErrorSummaryProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (state) box.current?.focus();
  }, [state]);

  const problems = Object.entries(state?.errors ?? {});
  if (!state || (problems.length === 0 && !state.formError)) return null;
  return (
    <div
      ref={box}
      role="alert"
      tabIndex={-1}
      className="flex gap-3 rounded-xl border border-bad-line border-l-4 border-l-bad bg-bad-soft p-4 text-[0.9375rem]"
    >
      <CircleAlert aria-hidden="true" className="mt-0.5 size-5 flex-none text-bad" />
      <div className="min-w-0 space-y-1">
        {state.formError && <p className="font-medium">{state.formError}</p>}
        {problems.length > 0 && (
          <>
            {!state.formError && <p className="font-medium">Please check what you entered</p>}
            <ul className="space-y-1">
              {problems.map(([name, message]) => (
                <li key={name}>
                  <a href={`#${name}`} className="inline-block py-0.5 text-bad underline underline-offset-3">
                    {labels?.[name] ? `${labels[name]}: ${message}` : message}
                  </a>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
    </div>
  );
}

import { Form, useNavigation } from "@remix-run/react";
import type { FormState } from "#app/http/form-state.ts";
import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { Button } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { ErrorSummary, HiddenField, TextField } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { codeStepPath } from "./code-step.ts";

type StepProps = { form: FormState | undefined };

const labels = { email: "Email address", code: "Code", password: "Password" };

/** Which form is on its way, told by the field only it has; the others stay calm. */
function usePending(field: string): boolean {
  return useNavigation().formData?.has(field) ?? false;
}

export function AddressStep(props: StepProps & { redirectTo: string | undefined; notice: string | null }) {
  const { form, redirectTo, notice } = props;
  const pending = usePending("email");
  return (
    <>
      <PageHeader
        title="Sign in"
        lead="Enter the address you bought with and we send it a code. No password needed."
      />
      <div className="grid gap-4">
        {notice && !form && <Banner tone="info">{notice}</Banner>}
        <ErrorSummary state={form} labels={labels} />
        <Card>
          <Form method="post" action={paths.signIn({ redirectTo })} className="grid gap-4" noValidate>
            <TextField
              label={labels.email}
              name="email"
              type="email"
              autoComplete="email"
              maxLength={254}
              required
              defaultValue={form?.values.email}
              error={form?.errors.email}
            />
            <Button pending={pending}>Send me a code</Button>
          </Form>
        </Card>
        <p className="text-sm text-ink-muted">
          Do you work here? <TextLink to={paths.signIn({ as: "staff" })}>Staff sign-in</TextLink>
        </p>
      </div>
    </>
  );
}

type CodeStepProps = StepProps & { sentTo: string; code: string | null; closed: string | null };

export function CodeStep({ form, sentTo, code, closed }: CodeStepProps) {
  const pending = usePending("code");
  const resending = usePending("resend");
  return (
    <>
      <PageHeader
        title="Enter the code"
        lead={
          <>
            We have sent a code to <strong className="font-medium text-ink">{sentTo}</strong>. It is valid for
            10 minutes, in this browser only.
          </>
        }
      />
      <div className="grid gap-4">
        {closed && !form && <Banner tone="warning">{closed}</Banner>}
        <ErrorSummary state={form} labels={labels} />
        <Card>
          <div className="grid gap-4">
            {!closed && (
              <Form method="post" action={codeStepPath} className="grid gap-4" noValidate>
                <TextField
                  label={labels.code}
                  name="code"
                  autoComplete="one-time-code"
                  autoCapitalize="characters"
                  autoCorrect="off"
                  spellCheck={false}
                  maxLength={40}
                  required
                  hint="8 letters and digits. Capitals, spaces and dashes do not matter."
                  className="font-mono tracking-widest"
                  defaultValue={code ?? undefined}
                  error={form?.errors.code}
                />
                <Button pending={pending}>Sign in</Button>
              </Form>
            )}
            <Form method="post" action={codeStepPath}>
              <HiddenField name="resend" value="yes" />
              <Button variant={closed ? "primary" : "secondary"} pending={resending} className="w-full">
                Send another code
              </Button>
            </Form>
          </div>
        </Card>
        <p className="text-sm text-ink-muted">
          Nothing after a minute? Check your spam folder, or{" "}
          <TextLink to={paths.signIn()}>use another address</TextLink>.
        </p>
      </div>
    </>
  );
}

export function StaffSignIn({ form, redirectTo }: StepProps & { redirectTo: string | undefined }) {
  const pending = usePending("password");
  return (
    <>
      <PageHeader title="Staff sign-in" lead="For the people who run this shop." />
      <div className="grid gap-4">
        <ErrorSummary state={form} labels={labels} />
        <Card>
          <Form
            method="post"
            action={paths.signIn({ as: "staff", redirectTo })}
            className="grid gap-4"
            noValidate
          >
            <TextField
              label={labels.email}
              name="email"
              type="email"
              autoComplete="username"
              maxLength={254}
              required
              defaultValue={form?.values.email}
              error={form?.errors.email}
            />
            <TextField
              label={labels.password}
              name="password"
              type="password"
              autoComplete="current-password"
              required
              error={form?.errors.password}
            />
            <Button pending={pending}>Sign in</Button>
          </Form>
        </Card>
        <p className="text-sm text-ink-muted">
          Looking for your license? <TextLink to={paths.signIn()}>Sign in as a customer</TextLink>
        </p>
      </div>
    </>
  );
}

import { formatSignInCode, signInCodeTtlSeconds } from "#app/domain/account/sign-in.ts";
import type { EmailContent } from "#app/domain/email-outbox/email-content.ts";
import { ActionLink, CodeText, EmailLayout, Paragraph, type Site, SmallPrint } from "#app/emails/layout.tsx";
import { paths } from "#app/paths.ts";

type Content = Extract<EmailContent, { kind: "sign-in-code" }>;

const hiddenCode = "••••-••••";
const validMinutes = signInCodeTtlSeconds / 60;

export function SignInCodeEmail({ content, site }: { content: Content; site: Site }) {
  const link = `${site.appUrl}${paths.signIn({ code: content.code ?? undefined })}`;
  return (
    <EmailLayout
      site={site}
      title="Your sign-in code"
      preview={`Valid for ${validMinutes} minutes, in the browser that asked for it.`}
    >
      <Paragraph>Type this code in the browser window where you asked for it:</Paragraph>
      <CodeText>{content.code === null ? hiddenCode : formatSignInCode(content.code)}</CodeText>
      <Paragraph>
        It is valid for {validMinutes} minutes and works once. In the same browser, this link fills it in for
        you:
      </Paragraph>
      <ActionLink href={link}>Fill in the code</ActionLink>
      <SmallPrint>The link alone signs nobody in: you still press the button on the page.</SmallPrint>
      <SmallPrint>
        If you did not ask for a code, ignore this email: nobody can sign in without it. Never share it with
        anybody, not even with us.
      </SmallPrint>
    </EmailLayout>
  );
}

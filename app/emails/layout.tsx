import {
  Body,
  Button,
  Container,
  Head,
  Heading,
  Hr,
  Html,
  Link,
  Preview,
  Section,
  Text,
} from "@react-email/components";
import type { CSSProperties, ReactNode } from "react";

/** Who sends and where the portal is; every link of a mail starts with `appUrl`. */
export type Site = { shopName: string; appUrl: string };

const ink = "#10202b";
const soft = "#51606b";
const accent = "#0b5563";
const line = "#d9e0e4";

const fontFamily =
  '-apple-system, BlinkMacSystemFont, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const monospace = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

const styles = {
  body: { backgroundColor: "#f4f6f7", color: ink, fontFamily, margin: "0", padding: "24px 12px" },
  card: {
    backgroundColor: "#ffffff",
    border: `1px solid ${line}`,
    borderRadius: "10px",
    margin: "0 auto",
    maxWidth: "560px",
    padding: "32px 28px",
  },
  shop: { color: accent, fontSize: "15px", fontWeight: "600", margin: "0 0 20px" },
  title: { fontSize: "22px", fontWeight: "600", lineHeight: "30px", margin: "0 0 16px" },
  text: { fontSize: "16px", lineHeight: "25px", margin: "0 0 16px" },
  small: { color: soft, fontSize: "13px", lineHeight: "20px", margin: "0 0 8px" },
  button: {
    backgroundColor: accent,
    borderRadius: "6px",
    color: "#ffffff",
    display: "inline-block",
    fontSize: "16px",
    fontWeight: "600",
    padding: "12px 20px",
    textDecoration: "none",
  },
  link: { color: accent, textDecoration: "underline" },
  line: { borderColor: line, margin: "24px 0 16px" },
  box: { border: `1px solid ${line}`, borderRadius: "8px", margin: "0 0 20px", padding: "16px 18px 4px" },
  boxTitle: { fontSize: "16px", fontWeight: "600", lineHeight: "24px", margin: "0 0 8px" },
  key: {
    backgroundColor: "#eef3f4",
    borderRadius: "6px",
    fontFamily: monospace,
    fontSize: "15px",
    lineHeight: "22px",
    margin: "0 0 12px",
    padding: "10px 12px",
    wordBreak: "break-all",
  },
  code: {
    backgroundColor: "#eef3f4",
    borderRadius: "8px",
    fontFamily: monospace,
    fontSize: "30px",
    fontWeight: "600",
    letterSpacing: "4px",
    lineHeight: "40px",
    margin: "0 0 20px",
    padding: "14px 12px",
    textAlign: "center",
  },
  fact: { fontSize: "15px", lineHeight: "22px", margin: "0 0 8px" },
  note: {
    borderLeft: `3px solid ${line}`,
    fontSize: "16px",
    lineHeight: "25px",
    margin: "0 0 20px",
    padding: "0 0 0 14px",
  },
} satisfies Record<string, CSSProperties>;

export function EmailLayout(props: { site: Site; title: string; preview: string; children: ReactNode }) {
  const { site, title, preview, children } = props;
  return (
    <Html lang="en">
      <Head>
        <title>{title}</title>
        <meta name="color-scheme" content="light" />
      </Head>
      <Body style={styles.body}>
        <Preview>{preview}</Preview>
        <Container style={styles.card}>
          <Text style={styles.shop}>{site.shopName}</Text>
          <Heading as="h1" style={styles.title}>
            {title}
          </Heading>
          {children}
          <Hr style={styles.line} />
          <Text style={styles.small}>
            Sent by {site.shopName}, because of your purchase or sign-in at{" "}
            <Link href={site.appUrl} style={styles.link}>
              {site.appUrl}
            </Link>
          </Text>
        </Container>
      </Body>
    </Html>
  );
}

export function Paragraph({ children }: { children: ReactNode }) {
  return <Text style={styles.text}>{children}</Text>;
}

export function SmallPrint({ children }: { children: ReactNode }) {
  return <Text style={styles.small}>{children}</Text>;
}

export function ActionLink({ href, children }: { href: string; children: string }) {
  return (
    <Section style={{ margin: "0 0 20px" }}>
      <Button href={href} style={styles.button}>
        {children}
      </Button>
    </Section>
  );
}

export function TextLink({ href, children }: { href: string; children: string }) {
  return (
    <Link href={href} style={styles.link}>
      {children}
    </Link>
  );
}

/** A framed part with a heading of its own. */
export function Box({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Section style={styles.box}>
      <Heading as="h2" style={styles.boxTitle}>
        {title}
      </Heading>
      {children}
    </Section>
  );
}

export function KeyText({ children }: { children: string }) {
  return (
    <Text style={styles.key}>
      <span translate="no">{children}</span>
    </Text>
  );
}

export function CodeText({ children }: { children: string }) {
  return (
    <Text style={styles.code}>
      <span translate="no">{children}</span>
    </Text>
  );
}

export function FactLine({ children }: { children: ReactNode }) {
  return <Text style={styles.fact}>{children}</Text>;
}

/** Words of a person, with the line breaks they typed. */
export function Quote({ children }: { children: string }) {
  const lines = children.split(/\r\n|\r|\n/);
  return (
    <Section style={styles.note}>
      {lines.map((words, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
        <Text key={index} style={{ margin: "0" }}>
          {words}
        </Text>
      ))}
    </Section>
  );
}

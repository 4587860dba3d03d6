import { useEffect } from "react";
import { paths } from "#app/paths.ts";
import { ButtonLink } from "#app/ui/button.tsx";
import { Card } from "#app/ui/card.tsx";
import { CopyButton } from "#app/ui/copy-button.tsx";
import { TextArea } from "#app/ui/field.tsx";
import { PageHeader } from "#app/ui/page-header.tsx";
import { TextLink } from "#app/ui/text-link.tsx";
import { Time } from "#app/ui/time.tsx";

type Code = { size: number; path: string };

export type OfflineFileProps = {
  file: {
    certificate: string;
    token: string;
    expiry: string;
    productName: string;
    deviceName: string | null;
  };
  /** The file as a QR code; null when it is too large for one. */
  fileCode: Code | null;
  tokenCode: Code | null;
};

/** The license file, in three ways to carry it to the device. */
export function OfflineFile({ file, fileCode, tokenCode }: OfflineFileProps) {
  const { certificate, expiry, productName, deviceName } = file;
  // The form that had focus is gone, and the address stays the same, so nobody else moves it.
  useEffect(() => document.getElementById("main")?.focus(), []);
  return (
    <>
      <PageHeader
        title="Your license file"
        lead={`${productName}${deviceName ? ` on ${deviceName}` : ""}. It works on that device only.`}
        actions={
          <ButtonLink to={paths.offline()} variant="secondary" reloadDocument>
            Another device
          </ButtonLink>
        }
      />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Card
          title="As a file or as text"
          actions={<CopyButton value={certificate} label="Copy license file" />}
        >
          <div className="grid gap-4">
            <p>
              Good until <Time at={expiry} />. After that the app needs a new one, or a connection.
            </p>
            <p>
              <TextLink
                to={`data:application/octet-stream;charset=utf-8,${encodeURIComponent(certificate)}`}
                download="license.lic"
                reloadDocument
              >
                Download license.lic
              </TextLink>
            </p>
            <TextArea
              label="License file"
              name="certificate"
              rows={12}
              readOnly
              spellCheck={false}
              translate="no"
              className="font-mono text-xs"
              defaultValue={certificate}
            />
          </div>
        </Card>
        <Card title="As a QR code">
          <Codes fileCode={fileCode} tokenCode={tokenCode} />
        </Card>
      </div>
    </>
  );
}

function Codes({ fileCode, tokenCode }: Pick<OfflineFileProps, "fileCode" | "tokenCode">) {
  const token = tokenCode && <QrCode code={tokenCode} label="QR code of the license token" />;
  if (!fileCode && !token) return <p>This license says too much for a QR code. Use the file or the text.</p>;
  if (!fileCode)
    return (
      <div className="grid gap-4">
        <p>The file is too large for a QR code. This is the license token, which says the same in short.</p>
        {token}
      </div>
    );
  return (
    <div className="grid gap-4">
      <QrCode code={fileCode} label="QR code of the license file" />
      {token && (
        <details>
          <summary className="min-h-6 cursor-pointer py-1 text-sm">Too fine for your scanner?</summary>
          <div className="mt-3 grid gap-4">
            <p>This is the license token, which says the same in short. The app must know how to read it.</p>
            {token}
          </div>
        </details>
      )}
    </div>
  );
}

/** Black on white in every color scheme: scanners expect it. */
function QrCode({ code: { size, path }, label }: { code: Code; label: string }) {
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="h-auto w-full max-w-lg"
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}

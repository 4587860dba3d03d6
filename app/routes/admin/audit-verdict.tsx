import { paths } from "#app/paths.ts";
import { Banner } from "#app/ui/banner.tsx";
import { TextLink } from "#app/ui/text-link.tsx";

type Problem = "changed" | "deleted" | "inserted" | "seal-missing";

type AuditVerdictProps = {
  verdict: {
    checked: number;
    unsealed: number;
    firstBadSeq: string | null;
    problem: Problem | null;
    tip: { position: number; hash: string } | null;
  };
};

const problems: Record<Problem, string> = {
  changed: "is not what it was when it was sealed.",
  deleted: "was removed after it was sealed.",
  inserted: "was put in afterwards, among older rows.",
  "seal-missing": "cannot be followed: a seal before it was removed.",
};

const count = (n: number, one: string, many: string) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;

/** What following the chain of seals from its beginning found. */
export function AuditVerdict({ verdict }: AuditVerdictProps) {
  const { checked, unsealed, firstBadSeq, problem, tip } = verdict;
  return (
    <div className="mb-5">
      {firstBadSeq && problem ? (
        <Banner tone="error" role="status" title={`Chain checked: row ${firstBadSeq} ${problems[problem]}`}>
          {count(checked, "row", "rows")} before it were good.{" "}
          <TextLink to={paths.admin.auditLog({ seq: firstBadSeq })}>Show row {firstBadSeq}</TextLink>
        </Banner>
      ) : (
        <Banner
          tone="success"
          role="status"
          title={`Chain checked: ${count(checked, "sealed row is", "sealed rows are")} as written`}
        >
          {unsealed > 0 && <p>{count(unsealed, "newer row waits", "newer rows wait")} to be sealed.</p>}
          {tip && (
            <p className="text-sm">
              Its end is <code className="font-mono wrap-anywhere">{`${tip.position}:${tip.hash}`}</code>.
              Kept elsewhere, this shows later whether the newest rows were cut off.
            </p>
          )}
        </Banner>
      )}
    </div>
  );
}

/** One refused part of a request: where it is and why. */
export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

/** RFC 9457 with our extensions. `code` never changes; `detail` is already in the asked language. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail: string;
  requestId: string | null;
  errors: FieldProblem[];
  /** All members of the body, for codes that carry facts (`next` slots of `slot_taken`). */
  facts: Readonly<Record<string, unknown>>;
}

/** The server refused, or did not answer. `problem.code` is `offline` or `timeout` where no answer came. */
export class ApiError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(`${problem.status} ${problem.code}${problem.detail ? `: ${problem.detail}` : ""}`);
    this.name = "ApiError";
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  /** No answer came: nothing is known about what the server did, and the same request may be sent again. */
  get unanswered(): boolean {
    return this.problem.status === 0;
  }
}

/** A problem that arose on this side: `offline`, `timeout`, `unreadable`. */
export function localProblem(code: string, status = 0): ApiError {
  return new ApiError({ status, code, title: code, detail: "", requestId: null, errors: [], facts: {} });
}

/** Reads a refused answer; also one that is not a problem document (a proxy's page, an empty body). */
export function problemFrom(status: number, body: unknown): Problem {
  const facts = isRecord(body) ? body : {};
  const text = (key: string): string => (typeof facts[key] === "string" ? facts[key] : "");
  return {
    status,
    code: text("code") || codeOfType(text("type")) || `http_${status}`,
    title: text("title"),
    detail: text("detail"),
    requestId: text("request_id") || null,
    errors: Array.isArray(facts["errors"]) ? facts["errors"].filter(isRecord).map(fieldProblem) : [],
    facts,
  };
}

/** The refusal that belongs to one field: `fieldError(problem, "location")`. */
export function fieldError(problem: Problem, field: string): FieldProblem | undefined {
  const pointer = `/${field}`;
  return problem.errors.find(
    (error) => trimPointer(error.pointer) === pointer || trimPointer(error.pointer).startsWith(`${pointer}/`),
  );
}

type Translate = (key: string, named?: Record<string, unknown>) => string;
type Exists = (key: string) => boolean;

/** The text for a person: ours by code, else the server's detail, else what the status means. Never a bare code. */
export function problemText(error: unknown, { t, te }: { t: Translate; te: Exists }): string {
  if (!(error instanceof ApiError)) return t("shared.problem.unknown");
  const { code, status, detail, facts } = error.problem;
  const own = `shared.problem.${code}`;
  if (te(own)) return t(own, { ...facts });
  if (detail) return detail;
  const byStatus = `shared.problem.http_${status}`;
  if (te(byStatus)) return t(byStatus);
  return t(status >= 500 ? "shared.problem.http_500" : "shared.problem.unknown");
}

function fieldProblem(raw: Record<string, unknown>): FieldProblem {
  const text = (key: string): string => (typeof raw[key] === "string" ? raw[key] : "");
  return { pointer: text("pointer"), code: text("code"), detail: text("detail") };
}

function trimPointer(pointer: string): string {
  return pointer.replace(/^#/, "");
}

function codeOfType(type: string): string {
  const match = /\/problems\/([a-z0-9_]+)$/.exec(type);
  return match?.[1] ?? "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

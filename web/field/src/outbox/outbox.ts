/**
 * The worker's unsent operations as plain values. Storage (`store.ts`), network (`sender.ts`) and screens live elsewhere.
 *
 * Rules kept here:
 * - capture order is kept per subject (a case, a stop, a session): of one subject at most one operation is under way;
 * - one operation that fails never holds back another subject;
 * - a body that may have reached the server is never changed again, because its receipt belongs to that body;
 * - nothing leaves the list without a receipt: refused operations stay until the worker removes or repeats them.
 */

export type OperationKind =
  | "report_case"
  | "case_action"
  | "return_case"
  | "correct_case"
  | "accept_dispute"
  | "withdraw_dispute"
  | "record_visit"
  | "skip_stop"
  | "see_plan"
  | "start_session"
  | "end_session";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type Payload = Readonly<Record<string, Json>>;

/** Why an operation was refused or could not be sent. `code` is stable, `detail` is the server's own text. */
export type Problem = Readonly<{ code: string; detail: string }>;

/** Dotted place in the payload where the photo's `{id, claim}` belongs. */
export type PhotoSlot = "photos" | "self_handled.photos_before" | "self_handled.photos_after";

export type DraftPhoto = Readonly<{ id: string; slot: PhotoSlot; bytes: number; claim: string | null }>;

export type Draft = Readonly<{
  opId: string;
  kind: OperationKind;
  /** `case:<id>`, `stop:<id>`, `plan:<id>`, `dispute:<id>` or `session:<id>`; the unit of ordering. */
  subject: string;
  /** What the worker sees in the list, e.g. the name of the stop. */
  label: string;
  capturedAt: string;
  payload: Payload;
  photos: readonly DraftPhoto[];
  attempts: number;
  lastTriedAt: string | null;
  lastProblem: Problem | null;
  /** True once the body went on the wire without an answer. */
  frozen: boolean;
}>;

export type Refused = Draft & Readonly<{ problem: Problem }>;

export type Receipt = Readonly<{
  opId: string;
  outcome: "applied" | "refused" | "retry";
  problem: Problem | null;
  /** Version of the row after the operation, when the server tells it. */
  version: number | null;
}>;

export type Operation = Readonly<{
  op_id: string;
  kind: OperationKind;
  captured_at: string;
  payload: Payload;
}>;

export type Outbox = Readonly<{ waiting: readonly Draft[]; refused: readonly Refused[] }>;

export const EMPTY: Outbox = { waiting: [], refused: [] };

/** Most operations the server takes in one request. */
export const MAX_BATCH = 200;

export function add(outbox: Outbox, draft: Draft): Outbox {
  return { ...outbox, waiting: [...outbox.waiting, draft] };
}

/** Operations that may be sent now: photos uploaded, first of their subject, oldest first. */
export function nextBatch(outbox: Outbox, limit: number = MAX_BATCH): readonly Draft[] {
  const busy = new Set<string>();
  const batch: Draft[] = [];
  for (const draft of outbox.waiting) {
    const first = !busy.has(draft.subject);
    busy.add(draft.subject);
    if (first && draft.photos.every((photo) => photo.claim !== null) && batch.length < limit)
      batch.push(draft);
  }
  return batch;
}

/** Photos still to be uploaded, in the order in which their operations were captured. */
export function photosToUpload(outbox: Outbox): readonly Readonly<{ opId: string; photo: DraftPhoto }>[] {
  return outbox.waiting.flatMap((draft) =>
    draft.photos.filter((photo) => photo.claim === null).map((photo) => ({ opId: draft.opId, photo })),
  );
}

export function photoUploaded(outbox: Outbox, photoId: string, claim: string): Outbox {
  const withClaim = (photo: DraftPhoto): DraftPhoto => (photo.id === photoId ? { ...photo, claim } : photo);
  return change(
    outbox,
    (draft) => draft.photos.some((photo) => photo.id === photoId),
    (draft) => ({
      ...draft,
      photos: draft.photos.map(withClaim),
    }),
  );
}

/** The server will never take this photo: the operation is shown to the worker, who may drop the photo and repeat. */
export function photoRefused(outbox: Outbox, opId: string, problem: Problem): Outbox {
  const draft = outbox.waiting.find((candidate) => candidate.opId === opId);
  if (draft === undefined) return outbox;
  return {
    waiting: outbox.waiting.filter((candidate) => candidate !== draft),
    refused: [...outbox.refused, { ...draft, problem }],
  };
}

/** Note that the bodies go on the wire; from now on they may have reached the server. */
export function freeze(outbox: Outbox, opIds: readonly string[], at: string): Outbox {
  const sent = new Set(opIds);
  return change(
    outbox,
    (draft) => sent.has(draft.opId),
    (draft) => ({
      ...draft,
      frozen: true,
      attempts: draft.attempts + 1,
      lastTriedAt: at,
      lastProblem: null,
    }),
  );
}

/** No answer at all (no network, server down): everything stays, with the reason beside it. */
export function unanswered(outbox: Outbox, opIds: readonly string[], problem: Problem): Outbox {
  const sent = new Set(opIds);
  return change(
    outbox,
    (draft) => sent.has(draft.opId),
    (draft) => ({ ...draft, lastProblem: problem }),
  );
}

/**
 * Forget what was applied, keep the unanswered in order, show the worker what was refused.
 *
 * An operation queued behind an applied one of the same subject was captured on our own newer state, so it takes over
 * the version that the receipt names, unless its body may already have reached the server.
 */
export function settle(outbox: Outbox, receipts: readonly Receipt[]): Outbox {
  const byId = new Map(receipts.map((receipt) => [receipt.opId, receipt]));
  const versions = new Map<string, number>();
  const waiting: Draft[] = [];
  const refused: Refused[] = [];
  for (const draft of outbox.waiting) {
    const receipt = byId.get(draft.opId);
    if (receipt?.outcome === "applied") {
      if (receipt.version !== null) versions.set(draft.subject, receipt.version);
    } else if (receipt?.outcome === "refused") {
      refused.push({ ...draft, problem: receipt.problem ?? { code: "unknown", detail: "" } });
    } else {
      const answered = receipt === undefined ? draft : { ...draft, lastProblem: receipt.problem };
      waiting.push(rebase(answered, versions.get(draft.subject)));
    }
  }
  return { waiting, refused: [...outbox.refused, ...refused] };
}

/** Try a refused operation once more, as a new operation: the old id keeps its refusal on the server for ever. */
export function repeatRefused(outbox: Outbox, opId: string, newOpId: string, keepPhotos: boolean): Outbox {
  const draft = outbox.refused.find((candidate) => candidate.opId === opId);
  if (draft === undefined) return outbox;
  const { problem: _, ...rest } = draft;
  const fresh: Draft = {
    ...rest,
    opId: newOpId,
    // Uploaded anew: a claim lives only for a while, and the same photo under the same id is not stored twice.
    photos: keepPhotos ? draft.photos.map((photo) => ({ ...photo, claim: null })) : [],
    attempts: 0,
    lastTriedAt: null,
    lastProblem: null,
    frozen: false,
  };
  return {
    waiting: [...outbox.waiting, fresh],
    refused: outbox.refused.filter((candidate) => candidate !== draft),
  };
}

/** The worker has read the refusal and gives the operation up. */
export function removeRefused(outbox: Outbox, opId: string): Outbox {
  return { ...outbox, refused: outbox.refused.filter((draft) => draft.opId !== opId) };
}

/** The request body of one operation, with the photos' claims put where they belong. */
export function toOperation(draft: Draft): Operation {
  const payload: Record<string, Json> = { ...draft.payload };
  for (const photo of draft.photos) {
    const { claim } = photo;
    if (claim === null) throw new Error(`photo ${photo.id} of operation ${draft.opId} is not uploaded`);
    const [outer, inner] = photo.slot.split(".");
    const entry = { id: photo.id, claim };
    if (inner === undefined) {
      payload[outer ?? "photos"] = [...asList(payload[photo.slot]), entry];
    } else {
      const group = asObject(payload[outer ?? ""]);
      payload[outer ?? ""] = { ...group, [inner]: [...asList(group[inner]), entry] };
    }
  }
  return { op_id: draft.opId, kind: draft.kind, captured_at: draft.capturedAt, payload };
}

/** Seconds until the next try by itself: 5, 10, 20 … at most 300. Coming online or opening the app tries at once. */
export function retryDelayS(failures: number): number {
  return Math.min(300, 5 * 2 ** Math.min(Math.max(0, failures - 1), 10));
}

/** How much is unsent; shown in the header of every screen. */
export function measure(outbox: Outbox): Readonly<{ waiting: number; refused: number; bytes: number }> {
  const bytes = [...outbox.waiting, ...outbox.refused]
    .flatMap((draft) => draft.photos)
    .reduce((sum, photo) => sum + photo.bytes, 0);
  return { waiting: outbox.waiting.length, refused: outbox.refused.length, bytes };
}

function rebase(draft: Draft, version: number | undefined): Draft {
  if (version === undefined || draft.frozen || typeof draft.payload["version"] !== "number") return draft;
  return { ...draft, payload: { ...draft.payload, version } };
}

function change(outbox: Outbox, which: (draft: Draft) => boolean, how: (draft: Draft) => Draft): Outbox {
  return { ...outbox, waiting: outbox.waiting.map((draft) => (which(draft) ? how(draft) : draft)) };
}

function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function asObject(value: Json | undefined): { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: Json })
    : {};
}

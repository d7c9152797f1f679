import {
  changeOutbox,
  readOutbox,
  type FieldDatabase,
  type StoredPatrol,
  type StoredPhoto,
} from "../storage/database";
import { nextFixes, toPoint } from "../patrol/sampling";
import {
  freeze,
  nextBatch,
  photoRefused,
  photosToUpload,
  photoUploaded,
  settle,
  toOperation,
  unanswered,
  type Draft,
  type Operation,
  type Problem,
  type Receipt,
} from "./outbox";

/** No answer, or one that says "later": nothing was decided, everything stays. */
export class Unreachable extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}
/** The worker has to log in again; everything stays. */
export class SignedOut extends Error {}
/** The server will never take this request as it is. */
export class Rejected extends Error {
  constructor(readonly problem: Problem) {
    super(problem.code);
  }
}

export interface PositionsAnswer {
  accepted: number;
  duplicates: number;
  rejected: readonly { seq: number; code: string }[];
  visited: readonly string[];
}

/** The network as the sender needs it. Every method raises only `Unreachable`, `SignedOut` or `Rejected`. */
export interface Wire {
  uploadPhoto(photo: StoredPhoto): Promise<string>;
  sendOperations(operations: readonly Operation[]): Promise<readonly Receipt[]>;
  sendPositions(
    sessionId: string,
    points: readonly Record<string, string | number>[],
  ): Promise<PositionsAnswer>;
}

export type Sent =
  | { result: "done"; applied: number; refused: number; visited: readonly string[] }
  | { result: "later"; problem: Problem }
  | { result: "signed_out" };

/**
 * Send everything that can be sent: operations whose photos are up, then photos one by one, then positions.
 * A local copy is removed only by the receipt of its own operation or the acceptance of its own positions.
 */
export async function sendAll(database: FieldDatabase, wire: Wire, now: () => string): Promise<Sent> {
  const tally = { applied: 0, refused: 0, visited: [] as string[] };
  try {
    for (;;) {
      const outbox = await readOutbox(database);
      const batch = nextBatch(outbox);
      if (batch.length > 0) {
        const postponed = await sendBatch(database, wire, batch, now, tally);
        if (postponed !== null) return { result: "later", problem: postponed };
        continue;
      }
      const next = photosToUpload(outbox)[0];
      if (next === undefined) break;
      await sendPhoto(database, wire, next.opId, next.photo.id);
    }
    await sendPositions(database, wire, tally.visited);
    return { result: "done", ...tally };
  } catch (error) {
    if (error instanceof SignedOut) return { result: "signed_out" };
    if (error instanceof Unreachable) return { result: "later", problem: error.problem };
    throw error;
  }
}

async function sendBatch(
  database: FieldDatabase,
  wire: Wire,
  batch: readonly Draft[],
  now: () => string,
  tally: { applied: number; refused: number },
): Promise<Problem | null> {
  const opIds = batch.map((draft) => draft.opId);
  await changeOutbox(database, (outbox) => freeze(outbox, opIds, now()));
  let receipts: readonly Receipt[];
  try {
    receipts = await wire.sendOperations(batch.map(toOperation));
  } catch (error) {
    if (error instanceof Unreachable) {
      await changeOutbox(database, (outbox) => unanswered(outbox, opIds, error.problem));
    }
    if (!(error instanceof Rejected)) throw error;
    // One body the server cannot read must not hold back its neighbours: each is sent alone, and refused alone.
    if (batch.length > 1) return sendOneByOne(database, wire, batch, now, tally);
    receipts = opIds.map((opId) => ({ opId, outcome: "refused", problem: error.problem, version: null }));
  }
  await remember(database, batch, receipts);
  await changeOutbox(database, (outbox) => settle(outbox, receipts));
  tally.applied += receipts.filter((receipt) => receipt.outcome === "applied").length;
  tally.refused += receipts.filter((receipt) => receipt.outcome === "refused").length;
  const answered = new Map(receipts.map((receipt) => [receipt.opId, receipt]));
  const postponed = batch.find((draft) => (answered.get(draft.opId)?.outcome ?? "retry") === "retry");
  return postponed === undefined
    ? null
    : (answered.get(postponed.opId)?.problem ?? { code: "no_receipt", detail: "" });
}

async function sendOneByOne(
  database: FieldDatabase,
  wire: Wire,
  batch: readonly Draft[],
  now: () => string,
  tally: { applied: number; refused: number },
): Promise<Problem | null> {
  let postponed: Problem | null = null;
  for (const draft of batch) postponed = (await sendBatch(database, wire, [draft], now, tally)) ?? postponed;
  return postponed;
}

/** A session that the server has accepted may have its positions sent. */
async function remember(
  database: FieldDatabase,
  batch: readonly Draft[],
  receipts: readonly Receipt[],
): Promise<void> {
  const applied = new Set(receipts.filter((one) => one.outcome === "applied").map((one) => one.opId));
  for (const draft of batch) {
    const id = draft.payload["id"];
    if (draft.kind === "start_session" && applied.has(draft.opId) && typeof id === "string") {
      await database.patrols.update(id, { known: true });
    }
  }
}

async function sendPhoto(database: FieldDatabase, wire: Wire, opId: string, photoId: string): Promise<void> {
  const photo = await database.photos.get(photoId);
  try {
    if (photo === undefined) throw new Rejected({ code: "photo_lost", detail: "" });
    const claim = await wire.uploadPhoto(photo);
    await changeOutbox(database, (outbox) => photoUploaded(outbox, photoId, claim));
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    await changeOutbox(database, (outbox) => photoRefused(outbox, opId, error.problem));
  }
}

async function sendPositions(database: FieldDatabase, wire: Wire, visited: string[]): Promise<void> {
  for (const patrol of await database.patrols.toArray()) {
    if (!patrol.known) continue;
    for (;;) {
      const queue = await database.positions
        .where("[sessionId+seq]")
        .between(...bounds(patrol.id))
        .toArray();
      const fixes = nextFixes(queue);
      if (fixes.length === 0) break;
      const answer = await sendFixes(wire, patrol, fixes.map(toPoint));
      visited.push(...answer.visited);
      await database.transaction("rw", database.positions, database.patrols, async () => {
        await database.positions.bulkDelete(fixes.map((fix): [string, number] => [fix.sessionId, fix.seq]));
        const kept = await database.patrols.get(patrol.id);
        await database.patrols.update(patrol.id, {
          sent: (kept?.sent ?? 0) + answer.accepted + answer.duplicates,
          rejected: (kept?.rejected ?? 0) + answer.rejected.length,
          visited: (kept?.visited ?? 0) + answer.visited.length,
        });
      });
    }
  }
}

async function sendFixes(
  wire: Wire,
  patrol: StoredPatrol,
  points: readonly Record<string, string | number>[],
): Promise<PositionsAnswer> {
  try {
    return await wire.sendPositions(patrol.id, points);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    // The whole batch is outside what the server may keep (for instance the consent was withdrawn): it goes, counted.
    const rejected = points.map((point) => ({ seq: Number(point["seq"]), code: error.problem.code }));
    return { accepted: 0, duplicates: 0, rejected, visited: [] };
  }
}

/** Key range of one patrol's positions. */
export function bounds(sessionId: string): [[string, number], [string, number]] {
  return [
    [sessionId, 0],
    [sessionId, Number.MAX_SAFE_INTEGER],
  ];
}

import Dexie, { type Table } from "dexie";

import type { Draft, Outbox, Problem } from "../outbox/outbox";
import type { QueuedFix } from "../patrol/sampling";

/** A draft as it lies in the database; `order` is the capture order, `refusal` is null while it waits. */
export interface StoredDraft {
  opId: string;
  order: number;
  draft: Draft;
  refusal: Problem | null;
}

/** A photo that is not yet known to belong to an applied operation. Kept until the receipt, not until the upload. */
export interface StoredPhoto {
  id: string;
  blob: Blob;
  takenAt: string;
  lon: number | null;
  lat: number | null;
}

/** A patrol as this phone knows it. `nextSeq` never goes back, so a sequence number is never used twice. */
export interface StoredPatrol {
  id: string;
  startedAt: string;
  endedAt: string | null;
  nextSeq: number;
  sent: number;
  rejected: number;
  visited: number;
  /** Whether the server has the session, so that its positions may be sent. */
  known: boolean;
}

/** The last good answer of a read, shown with its age while the server cannot be reached. */
export interface Snapshot {
  key: string;
  value: unknown;
  storedAt: string;
}

/**
 * Everything the phone holds of one worker. One database per worker: on a shared phone nobody sends or sees the
 * unsent work of another.
 */
export class FieldDatabase extends Dexie {
  declare readonly drafts: Table<StoredDraft, string>;
  declare readonly photos: Table<StoredPhoto, string>;
  declare readonly positions: Table<QueuedFix, [string, number]>;
  declare readonly patrols: Table<StoredPatrol, string>;
  declare readonly snapshots: Table<Snapshot, string>;

  constructor(userId: string) {
    super(`gridward-field-${userId}`);
    this.version(1).stores({
      drafts: "&opId, order",
      photos: "&id",
      positions: "[sessionId+seq]",
      patrols: "&id",
      snapshots: "&key",
    });
  }
}

export async function readOutbox(database: FieldDatabase): Promise<Outbox> {
  const rows = await database.drafts.orderBy("order").toArray();
  return {
    waiting: rows.filter((row) => row.refusal === null).map((row) => row.draft),
    refused: rows.flatMap((row) => (row.refusal === null ? [] : [{ ...row.draft, problem: row.refusal }])),
  };
}

/**
 * Apply a pure change to the stored outbox in one transaction, with `newPhotos` beside it; photos that no operation
 * names any more are deleted in the same transaction.
 */
export async function changeOutbox(
  database: FieldDatabase,
  change: (outbox: Outbox) => Outbox,
  newPhotos: readonly StoredPhoto[] = [],
): Promise<Outbox> {
  return database.transaction("rw", database.drafts, database.photos, async () => {
    const before = await database.drafts.orderBy("order").toArray();
    const orders = new Map(before.map((row) => [row.opId, row.order]));
    let last = before.at(-1)?.order ?? 0;
    const outbox = change(await readOutbox(database));
    const orderOf = (opId: string): number => orders.get(opId) ?? ++last;
    const rows: StoredDraft[] = [
      ...outbox.waiting.map((draft) => ({
        opId: draft.opId,
        order: orderOf(draft.opId),
        draft,
        refusal: null,
      })),
      ...outbox.refused.map(({ problem, ...draft }) => ({
        opId: draft.opId,
        order: orderOf(draft.opId),
        draft,
        refusal: problem,
      })),
    ];
    const kept = new Set(rows.map((row) => row.opId));
    await database.drafts.bulkDelete(before.map((row) => row.opId).filter((opId) => !kept.has(opId)));
    await database.drafts.bulkPut(rows);
    await database.photos.bulkPut([...newPhotos]);
    const named = new Set(rows.flatMap((row) => row.draft.photos.map((photo) => photo.id)));
    const loose = (await database.photos.toCollection().primaryKeys()).filter((id) => !named.has(id));
    await database.photos.bulkDelete(loose);
    return outbox;
  });
}

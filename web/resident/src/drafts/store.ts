import { uuid7 } from "@gridward/core";
import Dexie, { type Table } from "dexie";

import { newBooking, newReport, type BookingDraft, type Draft, type ReportDraft } from "./draft";

/** What this device remembers of a report that was sent without an account. */
export interface KeptReceipt {
  number: string;
  code: string | null;
  id: string;
  matterName: { zh: string; en: string };
  grid: string | null;
  /** Missing in what an older version kept. */
  gridEn?: string | null;
  responsible: string | null;
  post: string | null;
  department: { zh: string; en: string } | null;
  dueAt: string | null;
  reason: { zh: string; en: string } | null;
  window: { start: string; end: string } | null;
  at: string;
}

class ResidentDatabase extends Dexie {
  declare readonly drafts: Table<Draft, string>;
  declare readonly receipts: Table<KeptReceipt, string>;

  constructor() {
    super("gridward-resident");
    this.version(1).stores({ drafts: "&id, kind, savedAt", receipts: "&number, at" });
  }
}

const database = new ResidentDatabase();

async function latest(kind: Draft["kind"]): Promise<Draft | undefined> {
  const found = await database.drafts.where("kind").equals(kind).sortBy("savedAt");
  return found.at(-1);
}

export const drafts = {
  async openReport(): Promise<ReportDraft> {
    const found = await latest("report");
    return found?.kind === "report" ? found : newReport(uuid7(), new Date().toISOString());
  },
  async openBooking(matterId: string): Promise<BookingDraft> {
    const found = await latest("booking");
    const same = found?.kind === "booking" && found.matterId === matterId;
    return same ? found : newBooking(uuid7(), new Date().toISOString());
  },
  /** The newest unfinished draft, to be offered on the home screen. */
  async newest(): Promise<Draft | undefined> {
    return (await database.drafts.orderBy("savedAt").toArray()).at(-1);
  },
  async save(draft: Draft): Promise<void> {
    await database.drafts.put({ ...draft, savedAt: new Date().toISOString() });
  },
  async remove(id: string): Promise<void> {
    await database.drafts.delete(id);
  },
};

export const receipts = {
  async keep(receipt: KeptReceipt): Promise<void> {
    await database.receipts.put(receipt);
  },
  async all(): Promise<KeptReceipt[]> {
    return (await database.receipts.orderBy("at").toArray()).reverse();
  },
  async find(number: string): Promise<KeptReceipt | undefined> {
    return database.receipts.get(number);
  },
  async remove(number: string): Promise<void> {
    await database.receipts.delete(number);
  },
};

import { ApiError, localTokenStore, makeTokenAuth, makeTransport, storedLocale } from "@gridward/core";
import {
  anything,
  flag,
  list,
  localised,
  lonLat,
  number,
  object,
  optional,
  ShapeError,
  text,
  timeSpan,
  withDefault,
  type Shape,
  type Shaped,
} from "@gridward/core/shape";

import type { Operation, Receipt } from "./outbox/outbox";
import { Rejected, SignedOut, Unreachable, type PositionsAnswer, type Wire } from "./outbox/sender";
import type { StoredPhoto } from "./storage/database";

export const auth = makeTokenAuth({
  store: localTokenStore("gridward.field.tokens"),
  language: storedLocale,
});
export const transport = makeTransport({ authenticator: auth, language: storedLocale });

const nothing = { zh: "", en: "" };
const contact = object({ name: withDefault(text, ""), phone: withDefault(text, "") });
const place = object({
  id: withDefault(text, ""),
  name: withDefault(text, ""),
  name_en: withDefault(text, ""),
  address: withDefault(text, ""),
  kind: withDefault(text, ""),
});

const stop = object({
  id: text,
  seq: number,
  kind: text,
  place: optional(place),
  location: lonLat,
  planned: object({ arrive: text, leave: text }),
  window: optional(timeSpan),
  state: text,
  reason: withDefault(localised, nothing),
  targets: withDefault(
    list(
      object({
        duty_id: text,
        target: text,
        name: withDefault(localised, nothing),
        dwell_minutes: withDefault(number, 0),
      }),
    ),
    [],
  ),
  case_id: optional(text),
  contact: optional(contact),
  note: withDefault(text, ""),
  version: withDefault(number, 0),
  asks_whether_visited: withDefault(flag, false),
});
export type Stop = Shaped<typeof stop>;

const event = object({
  at: text,
  action: text,
  to_state: withDefault(text, ""),
  actor_name: optional(text),
  actor_role: withDefault(text, ""),
  note: withDefault(text, ""),
  text: optional(localised),
});
const photo = object({ id: text, url: text, purpose: withDefault(text, "") });
const appointment = object({ id: text, window: timeSpan, state: text });
const rulingTold = object({
  id: text,
  at: text,
  how: text,
  case_number: text,
  words: withDefault(text, ""),
  owner: localised,
  distance_m: optional(number),
});
export type RulingTold = Shaped<typeof rulingTold>;

const fieldCase = object({
  id: text,
  number: text,
  version: number,
  matter: object({ id: text, name: localised }),
  state: text,
  stage: withDefault(text, ""),
  lamp: optional(text),
  due_at: optional(text),
  location: lonLat,
  address: withDefault(text, ""),
  description: withDefault(text, ""),
  photos: withDefault(list(photo), []),
  contact: optional(contact),
  events: withDefault(list(event), []),
  actions: withDefault(
    list(
      object({
        action: text,
        needs: withDefault(list(text), []),
        disabled_reason: optional(text),
      }),
    ),
    [],
  ),
  appointment: optional(appointment),
  decision: optional(
    object({
      kind: text,
      text: withDefault(localised, nothing),
      rulings: withDefault(list(rulingTold), []),
    }),
  ),
  dispute: optional(
    object({ id: text, state: text, level: text, ground: text, raised_at: text, can_withdraw: flag }),
  ),
  pauses: optional(
    object({
      extension_count: number,
      extension_asked_at: optional(text),
      suspended_until: optional(text),
      supervised_at: optional(text),
      appeal: optional(text),
    }),
  ),
  is_mine: withDefault(flag, true),
});
export type FieldCase = Shaped<typeof fieldCase>;

const routeShape = object({
  id: text,
  plan_id: withDefault(text, ""),
  plan_ids: withDefault(list(text), []),
  published_at: optional(text),
  distance_m: withDefault(number, 0),
  walk_s: withDefault(number, 0),
  geometry: anything,
});

const dayShape = object({
  date: text,
  shifts: withDefault(list(timeSpan), []),
  stops: withDefault(list(stop), []),
  walk_s: withDefault(number, 0),
  distance_m: withDefault(number, 0),
});

export const todayShape = object({
  date: text,
  /** The next day with stops, where this one has none. */
  next_day: optional(dayShape),
  route: optional(routeShape),
  stops: withDefault(list(stop), []),
  cases: withDefault(list(fieldCase), []),
  cursor: withDefault(text, ""),
});
export type Today = Shaped<typeof todayShape>;

export const weekShape = object({
  week_start: text,
  plan: optional(object({ state: text, version: withDefault(number, 0) })),
  days: list(dayShape),
  unserved: withDefault(
    list(object({ place: optional(place), reason: withDefault(localised, nothing) })),
    [],
  ),
});
export type Week = Shaped<typeof weekShape>;

export const caseShape = fieldCase;

const grid = object({ code: text, name: text, name_en: withDefault(text, "") });
const department = object({ id: text, name: localised });
const dispute = object({
  id: text,
  version: number,
  state: text,
  level: text,
  ground: text,
  raised_at: text,
  border_m: optional(number),
  from_grid: optional(grid),
  from_department: optional(department),
  proposed_grid: optional(grid),
  proposed_department: optional(department),
  other_grid: optional(grid),
  case: object({
    id: text,
    number: text,
    matter: object({ name: localised }),
    description: withDefault(text, ""),
    address: withDefault(text, ""),
    location: lonLat,
    due_at: optional(text),
  }),
  ruling: optional(
    object({
      how: text,
      words: withDefault(text, ""),
      grid: optional(grid),
      department: optional(department),
    }),
  ),
  settled_at: optional(text),
  asks_me: flag,
  can_withdraw: flag,
});
export type Dispute = Shaped<typeof dispute>;
export const disputesShape = object({ items: list(dispute) });
export type Disputes = Shaped<typeof disputesShape>;
export const dutyShape = object({
  is_away: flag,
  away_until: optional(text),
  items: list(
    object({
      grid,
      chain: list(object({ name: text, reason: text, away_until: optional(text), is_me: flag })),
      desk_phone: withDefault(text, ""),
    }),
  ),
});
export type OwnDuty = Shaped<typeof dutyShape>;
export const neighbourhoodShape = object({ grids: list(grid), departments: list(department) });
export type Neighbourhood = Shaped<typeof neighbourhoodShape>;

export const mattersShape = object({
  items: list(
    object({
      id: text,
      code: text,
      slug: withDefault(text, ""),
      name: localised,
      category: withDefault(localised, nothing),
    }),
  ),
});
export type Matter = Shaped<typeof mattersShape>["items"][number];

const receiptShape = object({
  op_id: text,
  outcome: text,
  problem: optional(object({ code: withDefault(text, "unknown"), detail: withDefault(text, "") })),
  result: anything,
});
const positionsShape = object({
  accepted: number,
  duplicates: withDefault(number, 0),
  rejected: withDefault(list(object({ seq: number, code: text })), []),
  visited: withDefault(list(text), []),
});

/** Read something; the raw answer, so that it can be kept and checked again later. */
export function read(path: string, query: Record<string, string> = {}): Promise<unknown> {
  return transport.call<unknown>("GET", `/api/v1${path}`, { query });
}

export async function post<T>(path: string, shape: Shape<T>, body: unknown): Promise<T> {
  return shape(await transport.call<unknown>("POST", `/api/v1${path}`, { body }));
}

const UPLOAD_TIMEOUT_MS = 120_000;

/** The sender's network over the real API. */
export const wire: Wire = {
  async uploadPhoto(stored: StoredPhoto): Promise<string> {
    const body = new FormData();
    body.set("id", stored.id);
    body.set("taken_at", stored.takenAt);
    if (stored.lon !== null && stored.lat !== null) {
      body.set("lon", String(stored.lon));
      body.set("lat", String(stored.lat));
    }
    body.set("file", stored.blob, `${stored.id}.jpg`);
    const answer = await answered(() =>
      transport.call<unknown>("POST", "/api/v1/photos", { body, timeoutMs: UPLOAD_TIMEOUT_MS }),
    );
    return object({ claim: text })(answer).claim;
  },
  async sendOperations(operations: readonly Operation[]): Promise<readonly Receipt[]> {
    const answer = await answered(() =>
      post("/field/operations", object({ receipts: list(receiptShape) }), { operations }),
    );
    return answer.receipts.map((one) => ({
      opId: one.op_id,
      outcome: one.outcome === "applied" || one.outcome === "refused" ? one.outcome : "retry",
      problem: one.problem,
      version: versionOf(one.result),
    }));
  },
  async sendPositions(sessionId, points): Promise<PositionsAnswer> {
    return answered(() => post(`/field/sessions/${sessionId}/positions`, positionsShape, { points }));
  },
};

/** Sorts every failure into the three kinds that the sender knows. An answer that cannot be read counts as none. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof ShapeError) throw new Unreachable({ code: "unreadable", detail: error.message });
    if (!(error instanceof ApiError)) throw error;
    const problem = { code: error.code, detail: error.problem.detail };
    if (error.status === 401) throw new SignedOut();
    const temporary = error.unanswered || error.status >= 500 || [408, 425, 429].includes(error.status);
    throw temporary || error.code === "unreadable" ? new Unreachable(problem) : new Rejected(problem);
  }
}

function versionOf(result: unknown): number | null {
  if (typeof result !== "object" || result === null) return null;
  const { version } = result as { version?: unknown };
  return typeof version === "number" ? version : null;
}

import { localTokenStore, makeTokenAuth, makeTransport, storedLocale } from "@gridward/core";
import {
  flag,
  list,
  localised,
  lonLat,
  number,
  object,
  optional,
  text,
  timeSpan,
  withDefault,
  type Shape,
  type Shaped,
} from "@gridward/core/shape";

export const auth = makeTokenAuth({
  store: localTokenStore("gridward.resident.tokens"),
  language: storedLocale,
});
export const transport = makeTransport({ authenticator: auth, language: storedLocale });

const localisedList = object({ zh: withDefault(list(text), []), en: withDefault(list(text), []) });
const formField = object({
  name: text,
  kind: text,
  label: localised,
  required: withDefault(flag, false),
  help: optional(localised),
  choices: withDefault(list(object({ value: text, label: localised })), []),
});
export type FormField = Shaped<typeof formField>;

const matter = object({
  id: text,
  code: text,
  kind: text,
  slug: withDefault(text, ""),
  category: withDefault(localised, { zh: "", en: "" }),
  name: localised,
  legal_basis: withDefault(localised, { zh: "", en: "" }),
  materials: withDefault(localisedList, { zh: [], en: [] }),
  procedure: withDefault(localised, { zh: "", en: "" }),
  fee: withDefault(localised, { zh: "", en: "" }),
  requirements: withDefault(localised, { zh: "", en: "" }),
  type: withDefault(localised, { zh: "", en: "" }),
  time_limit: withDefault(localised, { zh: "", en: "" }),
  dwell_minutes: optional(number),
  form: withDefault(list(formField), []),
});
export type Matter = Shaped<typeof matter>;

const gridRef = object({ code: text, name: text, name_en: withDefault(text, "") });
const matterRef = object({ id: text, name: localised });
const responsible = object({ name_masked: withDefault(text, ""), post: withDefault(text, "") });
const decision = object({ kind: text, text: withDefault(localised, { zh: "", en: "" }) });
const appointment = object({ id: text, window: timeSpan, state: text, arrival: optional(timeSpan) });
export type Appointment = Shaped<typeof appointment>;

const reportShape = {
  id: text,
  number: text,
  tracking_code: optional(text),
  state: text,
  stage: text,
  matter: matterRef,
  grid: optional(gridRef),
  responsible: optional(responsible),
  department: optional(localised),
  due_at: optional(text),
  decision: optional(decision),
  created_at: text,
};
const report = object(reportShape);
export type Report = Shaped<typeof report>;
const booked = object({ ...reportShape, appointment });
export type Booked = Shaped<typeof booked>;

const rating = object({
  responded: optional(flag),
  solved: optional(flag),
  satisfied: optional(number),
  comment: withDefault(text, ""),
});
const requestFields = {
  id: optional(text),
  number: text,
  matter: matterRef,
  state: text,
  stage: text,
  lamp: optional(text),
  grid: optional(gridRef),
  responsible: optional(responsible),
  department: optional(localised),
  due_at: optional(text),
  created_at: optional(text),
  appointment: optional(appointment),
  may: withDefault(
    object({
      rate: withDefault(flag, false),
      cancel: withDefault(flag, false),
      reopen: withDefault(flag, false),
      move: withDefault(flag, false),
    }),
    { rate: false, cancel: false, reopen: false, move: false },
  ),
  rating: optional(rating),
};
const requestSummary = object(requestFields);
export type RequestSummary = Shaped<typeof requestSummary>;
const requestPage = object({ items: list(requestSummary), next: optional(text) });
const request = object({
  ...requestFields,
  location: optional(lonLat),
  address: withDefault(text, ""),
  decision: optional(decision),
  description: withDefault(text, ""),
  photos: withDefault(list(text), []),
  timeline: withDefault(
    list(object({ at: text, kind: text, text: localised, photos: withDefault(list(text), []) })),
    [],
  ),
});
export type Request = Shaped<typeof request>;

const slot = object({ start: text, end: text, left: number });
export type Slot = Shaped<typeof slot>;
const slots = object({ grid: optional(gridRef), items: list(slot) });
/** Other free windows, as they come inside the `slot_taken` problem. */
export const nextSlots = withDefault(list(object({ start: text, end: text })), []);

const located = object({
  kind: text,
  grid: optional(
    object({
      code: text,
      name: text,
      name_en: withDefault(text, ""),
      community: withDefault(text, ""),
      community_en: withDefault(text, ""),
    }),
  ),
  leader_name: optional(text),
  duty_phone: optional(text),
});
export type Located = Shaped<typeof located>;

const published = object({
  code: text,
  name: localised,
  community: localised,
  people: withDefault(list(object({ name: text, post: text })), []),
  duty_phone: withDefault(text, ""),
  supervision_phone: withDefault(text, ""),
  outline: object({ coordinates: list(list(list(list(number)))) }),
});
export type PublishedGrid = Shaped<typeof published>;
const publishedPage = object({ items: list(published), next: optional(text) });

const photoReceipt = object({ id: text, claim: text });

export interface PointBody {
  lon: number;
  lat: number;
  crs: "wgs84";
  accuracy_m: number | null;
}
export interface ReportBody {
  id: string;
  matter: string;
  description: string;
  location: PointBody;
  address: string;
  contact: { name: string; phone: string } | null;
  photos: { id: string; claim: string }[];
}
export interface BookingBody {
  id: string;
  matter: string;
  location: PointBody;
  address: string;
  slot: { start: string; end: string };
  contact: { name: string; phone: string };
  note: string;
  answers: Record<string, string | boolean>;
}
export interface RatingBody {
  responded: boolean;
  solved: boolean;
  satisfied: number;
  comment: string;
}

async function get<T>(
  path: string,
  shape: Shape<T>,
  query: Record<string, string | number | null> = {},
): Promise<T> {
  return shape(await transport.call<unknown>("GET", `/api/v1${path}`, { query }));
}

async function post<T>(path: string, shape: Shape<T>, body: unknown): Promise<T> {
  return shape(await transport.call<unknown>("POST", `/api/v1${path}`, { body }));
}

const PHOTO_TIMEOUT_MS = 120_000;

export const api = {
  async matters(kind: "incident" | "home_service"): Promise<readonly Matter[]> {
    return (await get("/matters", object({ items: list(matter) }), { kind })).items;
  },
  matter: (id: string): Promise<Matter> => get(`/matters/${encodeURIComponent(id)}`, matter),
  locate: (point: PointBody): Promise<Located> => get("/locate", located, { ...point }),
  grids: (q: string, cursor: string | null): Promise<Shaped<typeof publishedPage>> =>
    get("/grids", publishedPage, { q, cursor, limit: 20 }),
  async uploadPhoto(photo: { id: string; blob: Blob; takenAt: string }): Promise<string> {
    const body = new FormData();
    body.set("id", photo.id);
    body.set("taken_at", photo.takenAt);
    body.set("file", photo.blob, `${photo.id}.jpg`);
    const answer = await transport.call<unknown>("POST", "/api/v1/photos", {
      body,
      timeoutMs: PHOTO_TIMEOUT_MS,
    });
    return photoReceipt(answer).claim;
  },
  report: (body: ReportBody): Promise<Report> => post("/reports", report, body),
  track: (number: string, code: string): Promise<Request> => get("/reports/track", request, { number, code }),
  async rateByCode(number: string, code: string, body: RatingBody): Promise<void> {
    await transport.call("POST", "/api/v1/reports/track/rate", { body: { number, code, ...body } });
  },
  myRequests: (cursor: string | null): Promise<Shaped<typeof requestPage>> =>
    get("/my/requests", requestPage, { cursor }),
  myRequest: (id: string): Promise<Request> => get(`/my/requests/${encodeURIComponent(id)}`, request),
  async rate(id: string, body: RatingBody): Promise<void> {
    await transport.call("POST", `/api/v1/my/requests/${encodeURIComponent(id)}/rate`, { body });
  },
  async cancel(id: string, reason: string): Promise<void> {
    await transport.call("POST", `/api/v1/my/requests/${encodeURIComponent(id)}/cancel`, {
      body: { reason },
    });
  },
  async reopen(id: string, reason: string): Promise<void> {
    await transport.call("POST", `/api/v1/my/requests/${encodeURIComponent(id)}/reopen`, {
      body: { reason },
    });
  },
  slots: (matterId: string, point: PointBody): Promise<Shaped<typeof slots>> =>
    get("/slots", slots, { matter: matterId, lon: point.lon, lat: point.lat, crs: point.crs }),
  slotsInstead: (appointmentId: string): Promise<Shaped<typeof slots>> =>
    get(`/appointments/${encodeURIComponent(appointmentId)}/slots`, slots),
  move: (appointmentId: string, slot: { start: string; end: string }): Promise<Request> =>
    post(`/appointments/${encodeURIComponent(appointmentId)}/move`, request, { slot }),
  book: (body: BookingBody): Promise<Booked> => post("/appointments", booked, body),
  requestCode: (phone: string): Promise<{ readonly expires_in: number }> =>
    post("/auth/codes", object({ expires_in: withDefault(number, 300) }), { phone }),
};

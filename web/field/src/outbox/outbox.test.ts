import { describe, expect, it } from "vitest";

import {
  EMPTY,
  add,
  freeze,
  measure,
  nextBatch,
  photoRefused,
  photoUploaded,
  photosToUpload,
  removeRefused,
  repeatRefused,
  retryDelayS,
  settle,
  toOperation,
  unanswered,
  type Draft,
  type Outbox,
  type Receipt,
} from "./outbox";

function draft(opId: string, subject: string, over: Partial<Draft> = {}): Draft {
  return {
    opId,
    kind: "case_action",
    subject,
    label: subject,
    capturedAt: "2026-11-23T09:00:00+08:00",
    payload: { version: 3 },
    photos: [],
    attempts: 0,
    lastTriedAt: null,
    lastProblem: null,
    frozen: false,
    ...over,
  };
}

function receipt(opId: string, outcome: Receipt["outcome"], over: Partial<Receipt> = {}): Receipt {
  return { opId, outcome, problem: null, version: null, ...over };
}

const ids = (drafts: readonly Draft[]): string[] => drafts.map((one) => one.opId);
const filled = (...drafts: Draft[]): Outbox => drafts.reduce(add, EMPTY);
const unsentPhoto = { id: "p1", slot: "photos", bytes: 100, claim: null } as const;

describe("settle", () => {
  it("forgets what was applied, keeps the unanswered in order, shows what was refused", () => {
    const before = filled(
      draft("a", "case:1"),
      draft("b", "case:2"),
      draft("c", "case:3"),
      draft("d", "case:4"),
    );
    const problem = { code: "transition_not_allowed", detail: "closed" };
    const after = settle(before, [receipt("c", "refused", { problem }), receipt("a", "applied")]);
    expect(ids(after.waiting)).toEqual(["b", "d"]);
    expect(after.refused).toEqual([{ ...draft("c", "case:3"), problem }]);
  });

  it("keeps an operation that the server asks for again, with the reason", () => {
    const problem = { code: "busy", detail: "" };
    const after = settle(filled(draft("a", "case:1")), [receipt("a", "retry", { problem })]);
    expect(after.waiting[0]?.lastProblem).toEqual(problem);
    expect(after.refused).toEqual([]);
  });

  it("is harmless when the same receipts arrive twice, or for an unknown operation", () => {
    const receipts = [
      receipt("a", "refused", { problem: { code: "x", detail: "" } }),
      receipt("zz", "applied"),
    ];
    const once = settle(filled(draft("a", "case:1"), draft("b", "case:2")), receipts);
    expect(settle(once, receipts)).toEqual(once);
  });

  it("hands the new version to the next operation on the same case only", () => {
    const before = filled(draft("a", "case:1"), draft("b", "case:1"), draft("c", "case:2"));
    const after = settle(before, [receipt("a", "applied", { version: 4 })]);
    expect(after.waiting.map((one) => one.payload["version"])).toEqual([4, 3]);
  });

  it("never changes a body that may have reached the server", () => {
    const before = filled(draft("a", "case:1"), draft("b", "case:1", { frozen: true }));
    const after = settle(before, [receipt("a", "applied", { version: 4 })]);
    expect(after.waiting[0]?.payload["version"]).toBe(3);
  });
});

describe("nextBatch", () => {
  it("keeps capture order and sends one operation per subject", () => {
    const outbox = filled(draft("a", "case:1"), draft("b", "case:1"), draft("c", "stop:1"));
    expect(ids(nextBatch(outbox))).toEqual(["a", "c"]);
  });

  it("lets a missing photo hold back its own subject only", () => {
    const outbox = filled(
      draft("a", "case:1", { photos: [unsentPhoto] }),
      draft("b", "case:1"),
      draft("c", "case:2"),
    );
    expect(ids(nextBatch(outbox))).toEqual(["c"]);
    expect(ids(nextBatch(photoUploaded(outbox, "p1", "claim")))).toEqual(["a", "c"]);
  });

  it("does not let a refused operation hold back later ones", () => {
    const outbox = settle(filled(draft("a", "case:1"), draft("b", "case:1")), [receipt("a", "refused")]);
    expect(ids(nextBatch(outbox))).toEqual(["b"]);
  });

  it("stays within the limit of one request", () => {
    const outbox = filled(draft("a", "case:1"), draft("b", "case:2"), draft("c", "case:3"));
    expect(ids(nextBatch(outbox, 2))).toEqual(["a", "b"]);
  });
});

describe("a failed attempt", () => {
  it("counts, freezes the body and keeps the operation", () => {
    const tried = freeze(filled(draft("a", "case:1")), ["a"], "2026-11-23T09:01:00+08:00");
    const after = unanswered(tried, ["a"], { code: "offline", detail: "" });
    expect(after.waiting[0]).toMatchObject({
      attempts: 1,
      frozen: true,
      lastTriedAt: "2026-11-23T09:01:00+08:00",
      lastProblem: { code: "offline" },
    });
  });

  it.each([
    [0, 5],
    [1, 5],
    [2, 10],
    [3, 20],
    [40, 300],
  ])("waits longer after %i failures: %i s", (failures, seconds) => {
    expect(retryDelayS(failures)).toBe(seconds);
  });
});

describe("a refused operation", () => {
  const refused = settle(
    filled(draft("a", "case:1", { attempts: 2, frozen: true, photos: [{ ...unsentPhoto, claim: "c" }] })),
    [receipt("a", "refused", { problem: { code: "x", detail: "" } })],
  );

  it("is repeated under a new id, as a fresh body", () => {
    const after = repeatRefused(refused, "a", "a2", true);
    expect(after.refused).toEqual([]);
    expect(after.waiting[0]).toMatchObject({ opId: "a2", attempts: 0, frozen: false });
    expect(after.waiting[0]?.photos).toEqual([unsentPhoto]);
    expect(after.waiting[0]).not.toHaveProperty("problem");
  });

  it("can be repeated without its photos", () => {
    expect(repeatRefused(refused, "a", "a2", false).waiting[0]?.photos).toEqual([]);
  });

  it("leaves only when the worker removes it", () => {
    expect(removeRefused(refused, "a").refused).toEqual([]);
    expect(removeRefused(refused, "b")).toEqual(refused);
  });

  it("comes about, too, when the server will never take its photo", () => {
    const outbox = filled(draft("a", "case:1", { photos: [unsentPhoto] }), draft("b", "case:1"));
    const after = photoRefused(outbox, "a", { code: "photo_unreadable", detail: "" });
    expect(ids(after.waiting)).toEqual(["b"]);
    expect(after.refused[0]?.problem.code).toBe("photo_unreadable");
  });
});

describe("toOperation", () => {
  it("puts every photo's claim into its slot", () => {
    const one = draft("a", "case:1", {
      kind: "report_case",
      payload: { matter: "m", self_handled: { note: "swept" } },
      photos: [
        { id: "p0", slot: "photos", bytes: 1, claim: "c0" },
        { id: "p1", slot: "self_handled.photos_before", bytes: 1, claim: "c1" },
        { id: "p2", slot: "self_handled.photos_after", bytes: 1, claim: "c2" },
      ],
    });
    expect(toOperation(one).payload).toEqual({
      matter: "m",
      photos: [{ id: "p0", claim: "c0" }],
      self_handled: {
        note: "swept",
        photos_before: [{ id: "p1", claim: "c1" }],
        photos_after: [{ id: "p2", claim: "c2" }],
      },
    });
  });

  it("refuses to send a photo that is not uploaded", () => {
    expect(() => toOperation(draft("a", "case:1", { photos: [unsentPhoto] }))).toThrow("p1");
  });
});

it("knows what is left to upload and how much it is", () => {
  const outbox = filled(
    draft("a", "case:1", { photos: [unsentPhoto, { ...unsentPhoto, id: "p2", claim: "c" }] }),
  );
  expect(photosToUpload(outbox).map((one) => one.photo.id)).toEqual(["p1"]);
  expect(measure(outbox)).toEqual({ waiting: 1, refused: 0, bytes: 200 });
});

import "fake-indexeddb/auto";

import { beforeEach, expect, it } from "vitest";

import { changeOutbox, FieldDatabase, readOutbox } from "../storage/database";
import { add, type Draft, type Operation, type Receipt } from "./outbox";
import { Rejected, sendAll, SignedOut, Unreachable, type Wire } from "./sender";

const NOW = (): string => "2026-11-23T09:00:00Z";
let database: FieldDatabase;
let run = 0;

beforeEach(() => {
  database = new FieldDatabase(`test-${++run}`);
});

function draft(opId: string, over: Partial<Draft> = {}): Draft {
  return {
    opId,
    kind: "case_action",
    subject: `case:${opId}`,
    label: opId,
    capturedAt: NOW(),
    payload: { version: 1 },
    photos: [],
    attempts: 0,
    lastTriedAt: null,
    lastProblem: null,
    frozen: false,
    ...over,
  };
}

const withPhoto = (opId: string): Draft =>
  draft(opId, { photos: [{ id: `photo-${opId}`, slot: "photos", bytes: 3, claim: null }] });
const applied = (operations: readonly Operation[]): Receipt[] =>
  operations.map((one) => ({ opId: one.op_id, outcome: "applied", problem: null, version: null }));

async function capture(...drafts: Draft[]): Promise<void> {
  for (const one of drafts) {
    const photos = one.photos.map((photo) => ({
      id: photo.id,
      blob: new Blob(["abc"]),
      takenAt: NOW(),
      lon: null,
      lat: null,
    }));
    await changeOutbox(database, (outbox) => add(outbox, one), photos);
  }
}

function wire(over: Partial<Wire> = {}): Wire & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    uploadPhoto: async (photo) => {
      calls.push(`photo ${photo.id}`);
      return `claim-${photo.id}`;
    },
    sendOperations: async (operations) => {
      calls.push(`send ${operations.map((one) => one.op_id).join(",")}`);
      return applied(operations);
    },
    sendPositions: async (_id, points) => {
      calls.push(`positions ${points.map((point) => point["seq"]).join(",")}`);
      return { accepted: points.length, duplicates: 0, rejected: [], visited: [] };
    },
    ...over,
  };
}

it("sends text first, then the photo and its operation, and deletes only what has a receipt", async () => {
  await capture(withPhoto("a"), draft("b"));
  const line = wire();
  expect(await sendAll(database, line, NOW)).toMatchObject({ result: "done", applied: 2 });
  expect(line.calls).toEqual(["send b", "photo photo-a", "send a"]);
  expect(await database.drafts.count()).toBe(0);
  expect(await database.photos.count()).toBe(0);
});

it("keeps everything, with the reason, when there is no network", async () => {
  await capture(draft("a"), withPhoto("b"));
  const problem = { code: "offline", detail: "" };
  const line = wire({ sendOperations: () => Promise.reject(new Unreachable(problem)) });
  expect(await sendAll(database, line, NOW)).toEqual({ result: "later", problem });
  const outbox = await readOutbox(database);
  expect(outbox.waiting.map((one) => [one.opId, one.attempts, one.lastProblem?.code])).toEqual([
    ["a", 1, "offline"],
    ["b", 0, undefined],
  ]);
  expect(await database.photos.count()).toBe(1);
});

it("repeats the same body after a lost answer", async () => {
  await capture(draft("a"));
  const bodies: string[] = [];
  const lost = wire({
    sendOperations: async (operations) => {
      bodies.push(JSON.stringify(operations));
      throw new Unreachable({ code: "offline", detail: "" });
    },
  });
  await sendAll(database, lost, NOW);
  await sendAll(database, lost, NOW);
  expect(bodies[1]).toBe(bodies[0]);
});

it("keeps everything when the worker has to log in again", async () => {
  await capture(draft("a"));
  const line = wire({ sendOperations: () => Promise.reject(new SignedOut()) });
  expect(await sendAll(database, line, NOW)).toEqual({ result: "signed_out" });
  expect(await database.drafts.count()).toBe(1);
});

it("lets one unreadable body be refused alone", async () => {
  await capture(draft("a"), draft("bad"), draft("c"));
  const line = wire({
    sendOperations: async (operations) => {
      if (operations.some((one) => one.op_id === "bad")) throw new Rejected({ code: "invalid", detail: "" });
      return applied(operations);
    },
  });
  expect(await sendAll(database, line, NOW)).toMatchObject({ result: "done", applied: 2, refused: 1 });
  const outbox = await readOutbox(database);
  expect(outbox.waiting).toEqual([]);
  expect(outbox.refused.map((one) => [one.opId, one.problem.code])).toEqual([["bad", "invalid"]]);
});

it("lets a photo the server will never take refuse its own operation only", async () => {
  await capture(withPhoto("a"), withPhoto("b"));
  const line = wire({
    uploadPhoto: async (photo) => {
      if (photo.id === "photo-a") throw new Rejected({ code: "photo_unreadable", detail: "" });
      return "claim";
    },
  });
  expect(await sendAll(database, line, NOW)).toMatchObject({ result: "done", applied: 1 });
  expect((await readOutbox(database)).refused.map((one) => one.opId)).toEqual(["a"]);
  expect(await database.photos.count()).toBe(1);
});

it("stops asking when the server says: later", async () => {
  await capture(draft("a"), draft("b"));
  const line = wire({
    sendOperations: async (operations) =>
      operations.map((one) => ({
        opId: one.op_id,
        outcome: one.op_id === "a" ? "retry" : "applied",
        problem: one.op_id === "a" ? { code: "busy", detail: "" } : null,
        version: null,
      })),
  });
  expect(await sendAll(database, line, NOW)).toEqual({
    result: "later",
    problem: { code: "busy", detail: "" },
  });
  expect((await readOutbox(database)).waiting.map((one) => one.opId)).toEqual(["a"]);
});

it("sends positions only of a session the server knows, in batches, and counts them", async () => {
  const patrol = {
    startedAt: NOW(),
    endedAt: null,
    nextSeq: 150,
    sent: 0,
    rejected: 0,
    visited: 0,
    known: false,
  };
  await database.patrols.bulkPut([
    { ...patrol, id: "known" },
    { ...patrol, id: "unknown" },
  ]);
  const fix = { atMs: 0, lon: 121, lat: 30, accuracyM: 5, speedMps: null, bearingDeg: null, battery: null };
  await database.positions.bulkPut(
    ["known", "unknown"].flatMap((sessionId) =>
      Array.from({ length: 150 }, (_, seq) => ({ ...fix, sessionId, seq })),
    ),
  );
  await capture(draft("start", { kind: "start_session", payload: { id: "known" } }));
  const line = wire();
  await sendAll(database, line, NOW);
  expect(line.calls).toHaveLength(3);
  expect(await database.positions.count()).toBe(150);
  expect((await database.patrols.get("known"))?.sent).toBe(150);
});

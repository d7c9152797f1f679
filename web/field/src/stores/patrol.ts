import { uuid7 } from "@gridward/core";
import { flag, list, object, text } from "@gridward/core/shape";
import { readPosition, type FixResult } from "@gridward/core/phone";
import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { post, read } from "../api";
import { bounds } from "../outbox/sender";
import { isWorthKeeping, type Fix } from "../patrol/sampling";
import type { FieldDatabase, StoredPatrol } from "../storage/database";
import { useOutbox } from "./outbox";
import { useWorker } from "./worker";

/** Version of the notice that is shown before the first patrol; a new text needs a new version and a new yes. */
export const NOTICE_VERSION = "2026-11";
const PURPOSE = "patrol_track";
const SEND_EVERY_MS = 60_000;
const FRESH_MS = 20_000;
const KEEP_MS = 7 * 24 * 3600 * 1000;

export type RecorderFailure = "denied" | "unavailable" | "unsupported";

const consentsShape = object({
  items: list(object({ purpose: text, notice_version: text, granted: flag })),
});

export const usePatrol = defineStore("patrol", () => {
  const worker = useWorker();
  const outbox = useOutbox();
  const patrol = shallowRef<StoredPatrol | null>(null);
  const queued = ref(0);
  const lastFix = shallowRef<Fix | null>(null);
  const failure = ref<RecorderFailure | null>(null);
  /** Null: not asked yet. */
  const consent = ref<boolean | null>(null);
  let watchId: number | null = null;
  let lastKept: Fix | null = null;
  let wakeLock: WakeLockSentinel | null = null;
  let battery: number | null = null;
  let sender: ReturnType<typeof setInterval> | undefined;

  async function count(): Promise<void> {
    const [database, open] = [worker.database, patrol.value];
    if (database === null || open === null) return;
    queued.value = await database.positions
      .where("[sessionId+seq]")
      .between(...bounds(open.id))
      .count();
    patrol.value = (await database.patrols.get(open.id)) ?? null;
  }

  /** Keep one fix under the next sequence number; both in one transaction, so that no number is used twice. */
  async function keep(fix: Fix): Promise<void> {
    lastFix.value = fix;
    failure.value = null;
    const [database, open] = [worker.database, patrol.value];
    if (database === null || open === null || !isWorthKeeping(lastKept, fix)) return;
    lastKept = fix;
    await database.transaction("rw", database.patrols, database.positions, async () => {
      const row = await database.patrols.get(open.id);
      if (row === undefined || row.endedAt !== null) return;
      await database.positions.put({ ...fix, sessionId: open.id, seq: row.nextSeq, battery });
      await database.patrols.update(open.id, { nextSeq: row.nextSeq + 1 });
    });
    await count();
  }

  function onFix({ coords, timestamp }: GeolocationPosition): void {
    void keep({
      atMs: timestamp,
      lon: coords.longitude,
      lat: coords.latitude,
      accuracyM: coords.accuracy,
      speedMps: coords.speed,
      bearingDeg: Number.isFinite(coords.heading) ? coords.heading : null,
    });
  }
  function onFailure(error: GeolocationPositionError): void {
    failure.value = error.code === error.PERMISSION_DENIED ? "denied" : "unavailable";
  }

  async function stayAwake(): Promise<void> {
    const screen = navigator.wakeLock as WakeLock | undefined;
    if (screen === undefined || document.visibilityState !== "visible" || watchId === null) return;
    wakeLock = await screen.request("screen").catch(() => null);
  }
  async function readBattery(): Promise<void> {
    const device = navigator as Navigator & { getBattery?: () => Promise<{ level: number }> };
    battery = (await device.getBattery?.().catch(() => null))?.level ?? null;
  }

  function listen(): void {
    if (!("geolocation" in navigator)) {
      failure.value = "unsupported";
      return;
    }
    if (watchId !== null) return;
    lastKept = null;
    watchId = navigator.geolocation.watchPosition(onFix, onFailure, {
      enableHighAccuracy: true,
      maximumAge: 5_000,
      timeout: 30_000,
    });
    void stayAwake();
    void readBattery();
    sender = setInterval(() => {
      void readBattery();
      void outbox.send();
    }, SEND_EVERY_MS);
    document.addEventListener("visibilitychange", stayAwake);
  }
  function deafen(): void {
    if (watchId !== null) navigator.geolocation.clearWatch(watchId);
    watchId = null;
    clearInterval(sender);
    document.removeEventListener("visibilitychange", stayAwake);
    void wakeLock?.release();
    wakeLock = null;
  }

  /** Begin a patrol. Works without a network; ask for the consent before. */
  async function start(label: string): Promise<void> {
    const database = worker.database;
    if (database === null || patrol.value !== null) return;
    const startedAt = new Date().toISOString();
    const row: StoredPatrol = {
      id: uuid7(),
      startedAt,
      endedAt: null,
      nextSeq: 0,
      sent: 0,
      rejected: 0,
      visited: 0,
      known: false,
    };
    await database.patrols.put(row);
    patrol.value = row;
    queued.value = 0;
    lastFix.value = null;
    await outbox.capture({
      kind: "start_session",
      subject: `session:${row.id}`,
      label,
      payload: { id: row.id, started_at: startedAt, purpose: "patrol" },
    });
    listen();
  }

  async function stop(label: string): Promise<void> {
    const [database, open] = [worker.database, patrol.value];
    if (database === null || open === null) return;
    deafen();
    const endedAt = new Date().toISOString();
    await database.patrols.update(open.id, { endedAt });
    patrol.value = null;
    await outbox.capture({
      kind: "end_session",
      subject: `session:${open.id}`,
      label,
      payload: { id: open.id, ended_at: endedAt },
    });
  }

  /** The server does not take this patrol (for instance the consent is gone there): nothing more is recorded. */
  async function giveUp(): Promise<void> {
    const [database, open] = [worker.database, patrol.value];
    if (database === null || open === null) return;
    const refused = outbox.outbox.refused.some(
      (draft) => draft.kind === "start_session" && draft.payload["id"] === open.id,
    );
    if (!refused) return;
    deafen();
    consent.value = null;
    patrol.value = null;
    await database.patrols.update(open.id, { endedAt: new Date().toISOString() });
  }

  /** Ended patrols whose last position has been answered are forgotten after a week. */
  async function forgetOld(database: FieldDatabase): Promise<void> {
    const before = new Date(Date.now() - KEEP_MS).toISOString();
    for (const row of await database.patrols.toArray()) {
      if (row.endedAt === null || row.endedAt > before) continue;
      const left = await database.positions
        .where("[sessionId+seq]")
        .between(...bounds(row.id))
        .count();
      if (left === 0) await database.patrols.delete(row.id);
    }
  }

  /** After a reload a patrol that was not ended goes on; its gap stays a gap. */
  async function resume(): Promise<void> {
    deafen();
    const rows = (await worker.database?.patrols.toArray()) ?? [];
    if (worker.database !== null) await forgetOld(worker.database);
    patrol.value = rows.find((row) => row.endedAt === null) ?? null;
    if (patrol.value !== null) listen();
    await count();
  }

  /** Where this phone is: the patrol's own fix while it is fresh, else asked anew. */
  async function whereAmI(timeoutMs: number): Promise<FixResult> {
    const last = lastFix.value;
    if (last === null || Date.now() - last.atMs > FRESH_MS) return readPosition(timeoutMs, FRESH_MS);
    const at = new Date(last.atMs).toISOString();
    return { ok: true, fix: { lon: last.lon, lat: last.lat, accuracyM: last.accuracyM, at } };
  }

  async function readConsent(): Promise<void> {
    const kept = await worker.database?.snapshots.get("consent");
    if (typeof kept?.value === "boolean") consent.value = kept.value;
    const { items } = consentsShape(await read("/field/consents"));
    const current = items.find((one) => one.purpose === PURPOSE);
    await rememberConsent(current?.granted === true && current.notice_version === NOTICE_VERSION);
  }
  async function giveConsent(granted: boolean): Promise<void> {
    const body = { purpose: PURPOSE, notice_version: NOTICE_VERSION, granted };
    await post("/field/consents", (value) => value, body);
    await rememberConsent(granted);
  }
  async function rememberConsent(granted: boolean): Promise<void> {
    consent.value = granted;
    await worker.database?.snapshots.put({
      key: "consent",
      value: granted,
      storedAt: new Date().toISOString(),
    });
  }

  watch(
    () => outbox.state,
    () => void count(),
  );
  watch(
    () => outbox.outbox,
    () => void giveUp(),
  );
  watch(
    () => worker.database,
    () => {
      consent.value = null;
      void resume();
    },
    { immediate: true },
  );

  return {
    patrol,
    queued,
    lastFix,
    failure,
    consent,
    recording: computed(() => patrol.value !== null),
    start,
    stop,
    whereAmI,
    readConsent,
    giveConsent,
  };
});

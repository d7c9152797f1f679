import { uuid7 } from "@gridward/core";
import type { PickedPhoto } from "@gridward/core/phone";
import { defineStore } from "pinia";
import { computed, ref, shallowRef, watch } from "vue";

import { wire } from "../api";
import {
  add,
  EMPTY,
  measure,
  removeRefused,
  repeatRefused,
  retryDelayS,
  type OperationKind,
  type Outbox,
  type Payload,
  type PhotoSlot,
  type Problem,
} from "../outbox/outbox";
import { bounds, sendAll } from "../outbox/sender";
import { changeOutbox, readOutbox, type FieldDatabase, type StoredPhoto } from "../storage/database";
import { useWorker } from "./worker";

export type SendState = "idle" | "sending" | "later" | "signed_out";

export interface Capture {
  kind: OperationKind;
  subject: string;
  label: string;
  payload: Payload;
  photos?: readonly { slot: PhotoSlot; picked: PickedPhoto }[];
  at?: { lon: number; lat: number } | null;
}

const LOCK = "gridward.field.send";

/** Runs in one tab only; the others leave it to that one. */
async function inOneTab(work: () => Promise<void>): Promise<void> {
  const locks = navigator.locks as LockManager | undefined;
  if (locks === undefined) return work();
  await locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (lock !== null) await work();
  });
}

export const useOutbox = defineStore("outbox", () => {
  const worker = useWorker();
  const outbox = shallowRef<Outbox>(EMPTY);
  const positions = ref(0);
  const state = ref<SendState>("idle");
  const problem = shallowRef<Problem | null>(null);
  const lastSentAt = ref<string | null>(null);
  /** Grows with every applied operation, so that screens know when to read again. */
  const applied = ref(0);
  let failures = 0;
  let again = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function reload(): Promise<void> {
    const database = worker.database;
    outbox.value = database === null ? EMPTY : await readOutbox(database);
    positions.value = database === null ? 0 : await database.positions.count();
  }

  async function capture(what: Capture): Promise<void> {
    const database = worker.database;
    if (database === null) throw new Error("nobody is logged in");
    const photos = what.photos ?? [];
    const stored: StoredPhoto[] = photos.map(({ picked }) => ({
      id: picked.id,
      blob: picked.blob,
      takenAt: picked.takenAt,
      lon: what.at?.lon ?? null,
      lat: what.at?.lat ?? null,
    }));
    const draft = {
      opId: uuid7(),
      kind: what.kind,
      subject: what.subject,
      label: what.label,
      capturedAt: new Date().toISOString(),
      payload: what.payload,
      photos: photos.map(({ slot, picked }) => ({
        id: picked.id,
        slot,
        bytes: picked.blob.size,
        claim: null,
      })),
      attempts: 0,
      lastTriedAt: null,
      lastProblem: null,
      frozen: false,
    };
    outbox.value = await changeOutbox(database, (before) => add(before, draft), stored);
    void send();
  }

  async function change(how: (before: Outbox) => Outbox): Promise<void> {
    if (worker.database !== null) outbox.value = await changeOutbox(worker.database, how);
  }

  /** Give a refused operation up; with the start of a patrol go its positions, which no server will ever take. */
  async function remove(opId: string): Promise<void> {
    const database = worker.database;
    const draft = outbox.value.refused.find((one) => one.opId === opId);
    const sessionId = draft?.payload["id"];
    if (database !== null && draft?.kind === "start_session" && typeof sessionId === "string") {
      await database.positions
        .where("[sessionId+seq]")
        .between(...bounds(sessionId))
        .delete();
      await database.patrols.delete(sessionId);
    }
    await change((before) => removeRefused(before, opId));
    await reload();
  }

  /** Send what can be sent now. A call during a running one makes it look once more at the end. */
  async function send(): Promise<void> {
    if (state.value === "sending") {
      again = true;
      return;
    }
    const database = worker.database;
    if (database === null || !worker.signedIn) {
      if (worker.database !== null) state.value = "signed_out";
      return;
    }
    clearTimeout(timer);
    state.value = "sending";
    again = false;
    try {
      await inOneTab(() => run(database));
    } finally {
      // Also after an error nobody foresaw: the button must come alive again.
      if (isSending()) state.value = "idle";
      await reload();
    }
    if (again && state.value === "idle") void send();
  }
  const isSending = (): boolean => state.value === "sending";

  async function run(database: FieldDatabase): Promise<void> {
    const sent = await sendAll(database, wire, () => new Date().toISOString());
    if (sent.result === "done") {
      failures = 0;
      problem.value = null;
      state.value = "idle";
      lastSentAt.value = new Date().toISOString();
      applied.value += sent.applied + sent.visited.length;
    } else if (sent.result === "later") {
      failures += 1;
      problem.value = sent.problem;
      state.value = "later";
      timer = setTimeout(() => void send(), retryDelayS(failures) * 1000);
    } else {
      state.value = "signed_out";
    }
  }

  function onVisible(): void {
    if (document.visibilityState === "visible") void send();
  }
  window.addEventListener("online", () => void send());
  document.addEventListener("visibilitychange", onVisible);
  watch(
    () => [worker.database, worker.signedIn],
    async () => {
      await reload();
      void send();
    },
    { immediate: true },
  );

  return {
    outbox,
    positions,
    state,
    problem,
    lastSentAt,
    applied,
    size: computed(() => measure(outbox.value)),
    capture,
    send,
    reload,
    repeat: (opId: string, keepPhotos: boolean) =>
      change((before) => repeatRefused(before, opId, uuid7(), keepPhotos)).then(send),
    remove,
  };
});

import { ApiError } from "@gridward/core";
import { ShapeError, type Shape } from "@gridward/core/shape";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import {
  caseShape,
  mattersShape,
  read,
  todayShape,
  weekShape,
  type FieldCase,
  type Matter,
  type Today,
  type Week,
} from "../api";
import { nextStop, shownCases, shownStops } from "../day/overlay";
import { useOutbox } from "./outbox";
import { useWorker } from "./worker";

/** A read with its age; `error` says why it is not fresh. */
export interface Kept<T> {
  value: T;
  storedAt: string;
  error: unknown;
}

export const useDay = defineStore("day", () => {
  const worker = useWorker();
  const outbox = useOutbox();
  const today = shallowRef<Kept<Today> | null>(null);
  const week = shallowRef<Kept<Week> | null>(null);
  const loading = ref(false);
  const problem = shallowRef<unknown>(null);

  /** From the server, else the last good answer on this phone. Raises when there is neither. */
  async function readThrough<T>(key: string, shape: Shape<T>, path: string, query = {}): Promise<Kept<T>> {
    const database = worker.database;
    try {
      const value = await read(path, query);
      const checked = shape(value);
      const storedAt = new Date().toISOString();
      await database?.snapshots.put({ key, value, storedAt });
      return { value: checked, storedAt, error: null };
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof ShapeError)) throw error;
      const gone = error instanceof ApiError && error.status === 404;
      const kept = gone ? undefined : await database?.snapshots.get(key);
      if (kept === undefined) throw error;
      return { value: shape(kept.value), storedAt: kept.storedAt, error };
    }
  }

  /** What is on the phone already, shown at once while the server is asked. */
  async function fromPhone<T>(key: string, shape: Shape<T>): Promise<Kept<T> | null> {
    const kept = await worker.database?.snapshots.get(key);
    if (kept === undefined) return null;
    try {
      return { value: shape(kept.value), storedAt: kept.storedAt, error: null };
    } catch (error) {
      // Kept by an older version of this app; the server is asked anyway.
      if (error instanceof ShapeError) return null;
      throw error;
    }
  }

  async function refresh<T>(
    target: { value: Kept<T> | null },
    key: string,
    shape: Shape<T>,
    path: string,
  ): Promise<void> {
    target.value ??= await fromPhone(key, shape);
    loading.value = true;
    problem.value = null;
    try {
      target.value = await readThrough(key, shape, path);
    } catch (error) {
      problem.value = error;
    } finally {
      loading.value = false;
    }
  }

  async function oneCase(id: string): Promise<Kept<FieldCase>> {
    try {
      return await readThrough(`case:${id}`, caseShape, `/field/cases/${encodeURIComponent(id)}`);
    } catch (error) {
      const listed = today.value?.value.cases.find((one) => one.id === id);
      const answered = error instanceof ApiError && !error.unanswered && error.status < 500;
      if (listed === undefined || answered || today.value === null) throw error;
      return { value: listed, storedAt: today.value.storedAt, error };
    }
  }

  const stops = computed(() => shownStops(today.value?.value.stops ?? [], outbox.outbox));
  return {
    today,
    week,
    loading,
    problem,
    stops,
    next: computed(() => nextStop(stops.value)),
    cases: computed(() => shownCases(today.value?.value.cases ?? [], outbox.outbox)),
    refreshToday: () => refresh(today, "today", todayShape, "/field/today"),
    refreshWeek: () => refresh(week, "week", weekShape, "/field/week"),
    oneCase,
    matters: async (): Promise<readonly Matter[]> =>
      (await readThrough("matters", mattersShape, "/matters", { kind: "incident" })).value.items,
    forget(): void {
      today.value = null;
      week.value = null;
    },
  };
});

import { ApiError, dayOf } from "@gridward/core";
import { ShapeError, type Shape } from "@gridward/core/shape";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import {
  caseShape,
  disputesShape,
  dutyShape,
  mattersShape,
  neighbourhoodShape,
  read,
  todayShape,
  weekShape,
  type Disputes,
  type FieldCase,
  type Matter,
  type Neighbourhood,
  type OwnDuty,
  type Today,
  type Week,
} from "../api";
import { casesToFetch, changesShape, withCases } from "../day/feed";
import { nextStop, shownCases, shownStops } from "../day/overlay";
import { plansToTell, roundChange } from "../day/roundChange";
import { useOutbox } from "./outbox";
import { useWorker } from "./worker";

/** A read with its age; `error` says why it is not fresh. */
export interface Kept<T> {
  value: T;
  storedAt: string;
  error: unknown;
}

/** What the worker has last seen of the day's round, kept beside the answers of the server. */
const SEEN = "round-seen";
/** Pages of changes to follow before the whole day is loaded instead. */
const MOST_PAGES = 5;

export const useDay = defineStore("day", () => {
  const worker = useWorker();
  const outbox = useOutbox();
  const today = shallowRef<Kept<Today> | null>(null);
  const week = shallowRef<Kept<Week> | null>(null);
  const disputes = shallowRef<Kept<Disputes> | null>(null);
  const disputesProblem = shallowRef<unknown>(null);
  const duty = shallowRef<Kept<OwnDuty> | null>(null);
  const dutyProblem = shallowRef<unknown>(null);
  const loading = ref(false);
  const problem = shallowRef<unknown>(null);
  const seen = shallowRef<Today | null>(null);
  /** Operations that the server had applied when the day was last loaded whole. */
  let loadedWith = -1;

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

  /** The round as it is now has been seen, which the server hears; what differs from it later is shown as a change. */
  async function markSeen(): Promise<void> {
    const now = today.value?.value;
    if (now === undefined) return;
    const told = plansToTell(seen.value, now);
    seen.value = now;
    await worker.database?.snapshots.put({ key: SEEN, value: now, storedAt: new Date().toISOString() });
    for (const plan_id of told) {
      await outbox.capture({
        kind: "see_plan",
        subject: `plan:${plan_id}`,
        label: now.date,
        payload: { plan_id },
      });
    }
  }

  /** On a new day, and under a plan that leaves the day as it was, there is nothing to confirm. */
  async function noticeRound(): Promise<void> {
    seen.value ??= (await fromPhone(SEEN, todayShape))?.value ?? null;
    const now = today.value;
    if (now === null) return;
    const isNewDay = seen.value?.date !== now.value.date;
    const isUnchanged = seen.value !== null && roundChange(seen.value, now.value, now.storedAt) === null;
    if (isNewDay || (isUnchanged && plansToTell(seen.value, now.value).length > 0)) await markSeen();
  }

  /** Load the whole day. */
  async function refreshToday(): Promise<void> {
    const applied = outbox.applied;
    await refresh(today, "today", todayShape, "/field/today");
    if (today.value?.error === null) loadedWith = applied;
    await noticeRound();
  }

  /**
   * Bring the day up to date with what has changed since it was loaded. Own steps reach the feed a moment after their
   * receipt, so after one of them, on a new day and with a cursor that the server refuses, the day is loaded whole.
   */
  async function followToday(): Promise<void> {
    today.value ??= await fromPhone("today", todayShape);
    const kept = today.value;
    const usable = kept !== null && kept.value.cursor !== "" && kept.value.date === dayOf(new Date());
    if (!usable || loadedWith !== outbox.applied) return refreshToday();
    try {
      const value = await changedDay(kept.value);
      if (value === null) return await refreshToday();
      // Somebody else has loaded the day meanwhile: that is newer.
      if (today.value !== kept) return;
      const storedAt = new Date().toISOString();
      await worker.database?.snapshots.put({ key: "today", value, storedAt });
      today.value = { value, storedAt, error: null };
    } catch (error) {
      if (!(error instanceof ApiError) && !(error instanceof ShapeError)) throw error;
      if (error instanceof ApiError && error.unanswered) today.value = { ...kept, error };
      else await refreshToday();
    }
  }

  /** The day after the changes since its cursor; null when it has to be loaded whole. */
  async function changedDay(before: Today): Promise<Today | null> {
    let value = before;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = changesShape(await read("/field/changes", { cursor: value.cursor }));
      const ids = casesToFetch(answer.changes);
      if (ids === null) return null;
      const fetched = new Map<string, FieldCase | null>();
      for (const id of ids) fetched.set(id, await caseNow(id));
      value = withCases(value, fetched, answer.cursor);
      if (!answer.more) return value;
    }
    return null;
  }

  async function caseNow(id: string): Promise<FieldCase | null> {
    try {
      return caseShape(await read(`/field/cases/${encodeURIComponent(id)}`));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
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

  /** Returns that concern one's grids; kept on the phone, so that they are read without a signal too. */
  async function refreshDisputes(): Promise<void> {
    disputes.value ??= await fromPhone("disputes", disputesShape);
    disputesProblem.value = null;
    try {
      disputes.value = await readThrough("disputes", disputesShape, "/field/disputes");
    } catch (error) {
      disputesProblem.value = error;
    }
  }

  async function refreshDuty(): Promise<void> {
    duty.value ??= await fromPhone("duty", dutyShape);
    dutyProblem.value = null;
    try {
      duty.value = await readThrough("duty", dutyShape, "/field/duty");
    } catch (error) {
      dutyProblem.value = error;
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
    change: computed(() => {
      const now = today.value;
      return now === null || seen.value === null ? null : roundChange(seen.value, now.value, now.storedAt);
    }),
    markSeen,
    refreshToday,
    followToday,
    disputes,
    disputesProblem,
    refreshDisputes,
    duty,
    dutyProblem,
    refreshDuty,
    asked: computed(() => disputes.value?.value.items.filter((one) => one.asks_me).length ?? 0),
    neighbourhood: async (): Promise<Neighbourhood> =>
      (await readThrough("neighbourhood", neighbourhoodShape, "/field/neighbourhood")).value,
    refreshWeek: () => refresh(week, "week", weekShape, "/field/week"),
    oneCase,
    matters: async (): Promise<readonly Matter[]> =>
      (await readThrough("matters", mattersShape, "/matters", { kind: "incident" })).value.items,
    forget(): void {
      today.value = null;
      seen.value = null;
      week.value = null;
      disputes.value = null;
      duty.value = null;
    },
  };
});

import type { Day, PlanDetail, PlanJob, PlanRow } from "@gridward/core";
import { defineStore } from "pinia";
import { computed, ref, shallowRef } from "vue";

import { api } from "../api";
import { newestByGrid } from "../plan/week";

const POLL_MS = 1_500;

/** The plans of one week, the one that is open, and the job that makes new ones. */
export const usePlans = defineStore("plans", () => {
  const week = ref<Day>("");
  const rows = shallowRef<PlanRow[]>([]);
  const loading = ref(false);
  const error = ref<unknown>(null);
  const plan = shallowRef<PlanDetail | null>(null);
  const planLoading = ref(false);
  const planError = ref<unknown>(null);
  const job = shallowRef<PlanJob | null>(null);
  const jobError = ref<unknown>(null);
  const byGrid = computed(() => newestByGrid(rows.value));
  const running = computed(() => job.value !== null && !job.value.finished);
  let wantedPlan: string | null = null;
  let lastAsked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(asked: Day = week.value): Promise<void> {
    if (asked !== week.value) rows.value = [];
    week.value = asked;
    loading.value = true;
    // Answers may overtake each other: an older one must not bring back how it was before.
    const mine = ++lastAsked;
    try {
      const { items } = await api.plans(asked);
      if (mine !== lastAsked) return;
      rows.value = items;
      error.value = null;
    } catch (caught) {
      if (mine === lastAsked) error.value = caught;
    } finally {
      if (mine === lastAsked) loading.value = false;
    }
  }

  async function open(id: string | null): Promise<void> {
    if (plan.value?.id !== id) plan.value = null;
    wantedPlan = id;
    planError.value = null;
    if (!id) return;
    planLoading.value = true;
    try {
      const fresh = await api.plan(id);
      if (wantedPlan === id) plan.value = fresh;
    } catch (caught) {
      if (wantedPlan === id) planError.value = caught;
    } finally {
      if (wantedPlan === id) planLoading.value = false;
    }
  }

  async function generate(grids?: readonly string[]): Promise<void> {
    jobError.value = null;
    try {
      job.value = await api.planWeek(week.value, grids);
      await follow(job.value.job_id);
    } catch (caught) {
      jobError.value = caught;
    }
  }

  /** Asks for the job until it has ended; a missing answer is asked for again. */
  async function follow(id: string): Promise<void> {
    clearTimeout(timer);
    try {
      job.value = await api.planJob(id);
      jobError.value = null;
    } catch (caught) {
      jobError.value = caught;
    }
    if (running.value || jobError.value) {
      timer = setTimeout(() => void follow(id), POLL_MS);
      if (job.value && job.value.done > 0) void load();
      return;
    }
    await load();
  }

  async function publish(id: string): Promise<void> {
    await api.publishPlan(id);
    await Promise.all([load(), open(id)]);
  }
  return {
    week,
    rows,
    byGrid,
    loading,
    error,
    plan,
    planLoading,
    planError,
    job,
    running,
    jobError,
    load,
    open,
    generate,
    follow,
    publish,
  };
});

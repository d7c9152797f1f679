import { computed, type ComputedRef } from "vue";
import { useRoute, useRouter, type RouteLocationRaw } from "vue-router";

export interface Steps<S extends string> {
  step: ComputedRef<S>;
  index: ComputedRef<number>;
  go: (to: S) => void;
  back: () => void;
  next: () => void;
}

export interface StepSettings<S extends string> {
  /** In order; the first one is shown when the address names none. */
  steps: readonly [S, ...S[]];
  addressOf: (step: S) => RouteLocationRaw;
  /** Where "back" leads from the first step. */
  before: RouteLocationRaw;
  /** A step that must not be left now, whatever the address says. */
  held?: () => S | null;
  onMove: () => void;
  /** "Next" on the last step. */
  finish: () => void;
}

/** Steps of a form, one page each: the address names the step, so that the browser's back button goes one step back. */
export function useSteps<S extends string>(settings: StepSettings<S>): Steps<S> {
  const { steps } = settings;
  const route = useRoute();
  const router = useRouter();
  const step = computed<S>(
    () => settings.held?.() ?? steps.find((name) => name === route.query["step"]) ?? steps[0],
  );
  const index = computed(() => steps.indexOf(step.value));

  function go(to: S): void {
    settings.onMove();
    void router.push(settings.addressOf(to));
  }
  return {
    step,
    index,
    go,
    back(): void {
      const before = steps[index.value - 1];
      if (before === undefined) void router.push(settings.before);
      else go(before);
    },
    next(): void {
      const after = steps[index.value + 1];
      if (after === undefined) settings.finish();
      else go(after);
    },
  };
}

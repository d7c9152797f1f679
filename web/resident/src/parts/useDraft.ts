import { uuid7 } from "@gridward/core";
import { onBeforeUnmount, onMounted, shallowRef, type ShallowRef } from "vue";

import { isStarted, type Draft } from "../drafts/draft";
import { drafts } from "../drafts/store";

const SAVE_AFTER_MS = 250;

export interface OpenDraft<T extends Draft> {
  draft: ShallowRef<T | null>;
  patch: (change: Partial<T>) => void;
  /** Write now, for instance before something is sent. */
  flush: () => Promise<void>;
  /** Forget the draft on this device; the screen decides what comes next. */
  drop: () => Promise<void>;
  replace: (next: T) => void;
  /** Nobody knows whether it arrived; what is changed from here on is another one, under an id of its own. */
  renew: () => void;
}

/**
 * A draft that survives reload, lost battery and lost signal: every change is written to this device a moment later,
 * and at once when the page is hidden. Values are replaced, never changed in place, so they stay storable.
 */
export function useDraft<T extends Draft>(open: () => Promise<T>): OpenDraft<T> {
  const draft = shallowRef<T | null>(null) as ShallowRef<T | null>;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (draft.value !== null && isStarted(draft.value)) await drafts.save(draft.value);
  }
  function later(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), SAVE_AFTER_MS);
  }
  const onHide = (): void => {
    if (timer !== undefined) void flush();
  };

  onMounted(async () => {
    document.addEventListener("visibilitychange", onHide);
    draft.value = await open();
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", onHide);
    onHide();
  });

  function replace(next: T): void {
    draft.value = next;
    later();
  }

  return {
    draft,
    flush,
    patch(change) {
      if (draft.value === null) return;
      draft.value = { ...draft.value, ...change };
      later();
    },
    async drop() {
      clearTimeout(timer);
      timer = undefined;
      if (draft.value !== null) await drafts.remove(draft.value.id);
      draft.value = null;
    },
    replace,
    renew() {
      if (draft.value === null) return;
      const old = draft.value.id;
      replace({ ...draft.value, id: uuid7(), unanswered: false });
      void drafts.remove(old);
    },
  };
}

import {
  computed,
  onBeforeUnmount,
  onMounted,
  ref,
  shallowRef,
  watch,
  type ComputedRef,
  type Ref,
  type ShallowRef,
} from "vue";

import type { Transport } from "../api/transport";
import { list, localised, object, optional, text, type Shaped } from "../shape/shape";

const noticesShape = object({
  items: list(
    object({
      id: text,
      topic: text,
      text: localised,
      case_id: optional(text),
      created_at: text,
      read_at: optional(text),
    }),
  ),
});
export type Notice = Shaped<typeof noticesShape>["items"][number];

export interface Notices {
  /** Newest first; null before the first answer. */
  items: ShallowRef<readonly Notice[] | null>;
  unread: ComputedRef<number>;
  loading: Ref<boolean>;
  /** Why the list could not be loaded or marked; what was there stays. */
  problem: ShallowRef<unknown>;
  load: () => Promise<void>;
  /** Marks as read here at once and on the server; without the server the mark comes back with the next load. */
  markRead: (ids: readonly string[]) => Promise<void>;
  forget: () => void;
}

/** Most ids that the server takes in one request. */
const MOST_IDS = 200;

/** The notices of whoever is signed in. One of these per app, so that the bell and the list agree. */
export function makeNotices(transport: Pick<Transport, "call">, now: () => Date = () => new Date()): Notices {
  const items = shallowRef<readonly Notice[] | null>(null);
  const loading = ref(false);
  const problem = shallowRef<unknown>(null);

  async function load(): Promise<void> {
    loading.value = true;
    problem.value = null;
    try {
      items.value = noticesShape(await transport.call<unknown>("GET", "/api/v1/notices")).items;
    } catch (error) {
      problem.value = error;
    } finally {
      loading.value = false;
    }
  }

  async function markRead(ids: readonly string[]): Promise<void> {
    const fresh = (items.value ?? []).filter((one) => ids.includes(one.id) && one.read_at === null);
    if (fresh.length === 0) return;
    const marked = new Set(fresh.map((one) => one.id));
    const readAt = now().toISOString();
    items.value = (items.value ?? []).map((one) => (marked.has(one.id) ? { ...one, read_at: readAt } : one));
    try {
      const body = { ids: [...marked].slice(0, MOST_IDS) };
      await transport.call("POST", "/api/v1/notices/read", { body });
    } catch (error) {
      problem.value = error;
    }
  }

  return {
    items,
    unread: computed(() => (items.value ?? []).filter((one) => one.read_at === null).length),
    loading,
    problem,
    load,
    markRead,
    forget(): void {
      items.value = null;
      problem.value = null;
    },
  };
}

const FRESH_MS = 60_000;

/** Loads the notices when somebody signs in, looks again, or has looked for a minute; forgets them at the end. */
export function useFreshNotices(notices: Notices, signedIn: () => boolean): void {
  function look(): void {
    if (signedIn() && navigator.onLine && document.visibilityState === "visible") void notices.load();
  }
  let timer: ReturnType<typeof setInterval> | undefined;
  watch(signedIn, (is) => (is ? look() : notices.forget()));
  onMounted(() => {
    look();
    document.addEventListener("visibilitychange", look);
    window.addEventListener("online", look);
    timer = setInterval(look, FRESH_MS);
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("online", look);
    clearInterval(timer);
  });
}

import { computed } from "vue";
import { type LocationQueryRaw, useRoute, useRouter } from "vue-router";

/** The address as the one state of a screen: what is chosen is read from it and written to it. */
export function useAddress() {
  const route = useRoute();
  const router = useRouter();
  const text = (key: string): string => {
    const value = route.query[key];
    return typeof value === "string" ? value : "";
  };

  /** Changes the named parts and keeps the rest; an undefined part is taken away. `step` makes a history entry. */
  async function change(parts: LocationQueryRaw, step = false): Promise<void> {
    const query = Object.fromEntries(
      Object.entries({ ...route.query, ...parts }).filter(([, value]) => value !== undefined && value !== ""),
    );
    await (step ? router.push({ query }) : router.replace({ query }));
  }
  return { query: computed(() => route.query), text, change };
}

/** `121.17420,30.05230,14.20`: the middle and zoom of a map. */
export function viewText(view: { lon: number; lat: number; zoom: number }): string {
  return `${view.lon.toFixed(5)},${view.lat.toFixed(5)},${view.zoom.toFixed(2)}`;
}

export function viewOf(text: string): { lon: number; lat: number; zoom: number } | null {
  const [lon, lat, zoom] = text.split(",").map(Number);
  if (lon === undefined || lat === undefined || zoom === undefined) return null;
  if (![lon, lat, zoom].every(Number.isFinite) || Math.abs(lon) > 180 || Math.abs(lat) > 90) return null;
  return { lon, lat, zoom };
}

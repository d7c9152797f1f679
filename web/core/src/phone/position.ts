export type PositionFailure = "denied" | "unavailable" | "timeout" | "unsupported";

export type OwnFix = Readonly<{ lon: number; lat: number; accuracyM: number; at: string }>;

export type FixResult =
  Readonly<{ ok: true; fix: OwnFix }> | Readonly<{ ok: false; failure: PositionFailure }>;

const FAILURES: Readonly<Record<number, PositionFailure>> = { 1: "denied", 2: "unavailable", 3: "timeout" };

/** One position of this device in WGS 84. Never rejects: the failure is a code with a text. */
export function readPosition(timeoutMs = 12_000, maximumAgeMs = 5_000): Promise<FixResult> {
  if (!("geolocation" in navigator)) return Promise.resolve({ ok: false, failure: "unsupported" });
  return new Promise((resolve) => {
    navigator.geolocation.getCurrentPosition(
      ({ coords, timestamp }) =>
        resolve({
          ok: true,
          fix: {
            lon: coords.longitude,
            lat: coords.latitude,
            accuracyM: coords.accuracy,
            at: new Date(timestamp).toISOString(),
          },
        }),
      (error) => resolve({ ok: false, failure: FAILURES[error.code] ?? "unavailable" }),
      { enableHighAccuracy: true, timeout: timeoutMs, maximumAge: maximumAgeMs },
    );
  });
}

import type { FieldDatabase } from "../storage/database";

function asDataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("the photo cannot be read"));
    reader.readAsDataURL(blob);
  });
}

/** Everything unsent as one JSON file with the photos inside, so that work can be rescued from a broken phone. */
export async function exportUnsent(database: FieldDatabase): Promise<void> {
  const photos = await database.photos.toArray();
  const content = {
    exported_at: new Date().toISOString(),
    operations: await database.drafts.orderBy("order").toArray(),
    photos: await Promise.all(
      photos.map(async ({ blob, ...photo }) => ({ ...photo, file: await asDataUrl(blob) })),
    ),
    positions: await database.positions.toArray(),
  };
  const url = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `gridward-unsent-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

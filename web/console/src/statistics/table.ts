import type { IndicatorRow } from "@gridward/core";

/** What is counted, and the rates made of the counts, in the order in which they are shown. */
export const COUNTS = ["reported", "filed", "handled", "closed", "overdue_open"] as const;
export const RATES = [
  "filing_rate",
  "handling_rate",
  "on_time_handling_rate",
  "closing_rate",
  "on_time_closing_rate",
  "rework_rate",
  "response_rate",
  "solving_rate",
  "satisfaction_rate",
] as const;

export const NOTHING = "—";

/** `62.5%`; a dash where there was nothing to divide by. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? NOTHING : `${(share * 100).toFixed(1)}%`;
}

/** The table as CSV for spreadsheets: BOM, CRLF; a cell that a spreadsheet would run as a formula gets an apostrophe. */
export function csvOf(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const rows = [head, ...lines].map((line) => line.map(csvCell).join(","));
  return `\uFEFF${rows.join("\r\n")}\r\n`;
}

function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function cellsOf(row: IndicatorRow, name: string): string[] {
  return [
    name,
    ...COUNTS.map((key) => String(row.counts[key] ?? NOTHING)),
    ...RATES.map((key) => percent(row.rates[key])),
  ];
}

/** Reading a chart's canvas back: where are the pixels of a colour? */
import type { DashboardPage } from "./page.ts";

export interface Spot {
  /** CSS pixels from the canvas' upper left corner. */
  readonly x: number;
  readonly y: number;
}

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** A theme colour of the page, by VS Code's name, without the transparency that it may have. */
export async function themeColor({ page }: DashboardPage, name: string): Promise<Rgb> {
  const value = await page.evaluate((n) => document.documentElement.style.getPropertyValue(`--vscode-${n}`), name);
  const [r, g, b] = value.startsWith("#")
    ? [1, 3, 5].map((at) => Number.parseInt(value.slice(at, at + 2), 16))
    : value.match(/\d+/g)!.map(Number);
  return { r: r!, g: g!, b: b! };
}

/** All pixels of a chart within `tolerance` of a colour, per channel, from the top down. */
export async function pixels({ page }: DashboardPage, chart: string, color: Rgb, tolerance = 12): Promise<Spot[]> {
  return page.locator(`[data-chart="${chart}"] canvas`).evaluate(
    (canvas: HTMLCanvasElement, [{ r, g, b }, within]) => {
      const { data, width, height } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      const scale = canvas.clientWidth / canvas.width;
      const found: { x: number; y: number }[] = [];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) {
          const at = (y * width + x) * 4;
          const near = (i: number, value: number) => Math.abs(data[at + i]! - value) <= within;
          if (data[at + 3]! > 200 && near(0, r) && near(1, g) && near(2, b)) found.push({ x: x * scale, y: y * scale });
        }
      return found;
    },
    [color, tolerance] as const,
  );
}

/** The row of a horizontal line: the one with the most pixels. */
export function rowOf(spots: readonly Spot[]): number {
  const counts = new Map<number, number>();
  for (const { y } of spots) counts.set(y, (counts.get(y) ?? 0) + 1);
  const most = Math.max(...counts.values());
  const rows = [...counts].filter(([, n]) => n > most * 0.8).map(([y]) => y);
  return rows.reduce((sum, y) => sum + y, 0) / rows.length;
}

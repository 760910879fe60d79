/** The dashboard as a person reads it: what its texts, tables and pictures say. */
import type { FrameLocator, Locator } from "playwright-core";
import { until } from "./until.ts";

export type ChartName = "norm" | "loss" | "clip-rate" | "learning-rate";

export class DashboardPage {
  readonly frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.frame = frame;
  }

  chart(name: ChartName): Locator {
    return this.frame.locator(`[data-chart="${name}"]`);
  }

  /** The steps that the run picker names for the shown run. */
  async steps(): Promise<number> {
    const detail = (await this.frame.locator("#run .detail").textContent()) ?? "";
    return Number(/([\d,.\s]+) steps?$/.exec(detail)?.[1]?.replace(/\D/g, "") ?? Number.NaN);
  }

  /** How the shown run stands: "Running · …". */
  status(): Locator {
    return this.frame.locator(".status p");
  }

  async untilFinished(): Promise<void> {
    await this.status()
      .filter({ hasText: /^Finished/ })
      .waitFor({ timeout: 300_000 });
  }

  async untilStepsExceed(steps: number): Promise<number> {
    return until(`the dashboard shows more than ${steps} steps`, async () => {
      const shown = await this.steps();
      return shown > steps && shown;
    });
  }

  /** What the canvas shows, as PNG. */
  async picture(name: ChartName): Promise<Buffer> {
    return this.chart(name).locator("canvas").screenshot();
  }

  /** An item of a chart's menu. */
  async chooseFromMenu(name: ChartName, item: string): Promise<void> {
    await this.chart(name)
      .getByRole("button", { name: /^Copy or save/ })
      .click();
    await this.chart(name).getByRole("menuitem", { name: item }).click();
  }

  /** The rows of the table beside a chart, a list of cell texts each. */
  async table(name: ChartName): Promise<string[][]> {
    const chart = this.chart(name);
    const toggle = chart.getByRole("button", { name: /^Table/ });
    const rows = chart.locator("tbody tr");
    if (!(await rows.first().isVisible())) await toggle.click();
    await rows.first().waitFor();
    const cells = await rows.evaluateAll((all) =>
      all.map((row) => [...row.querySelectorAll("th, td")].map((cell) => cell.textContent ?? "")),
    );
    await toggle.click();
    return cells;
  }

  /** The runs that the picker offers, by name and detail, latest first. */
  async runs(): Promise<string[]> {
    return this.frame.locator("#run-list li").allTextContents();
  }

  async chooseRun(place: number): Promise<void> {
    await this.frame.locator("#run").click();
    await this.frame.locator("#run-list li").nth(place).click();
  }

  suggestion(): Locator {
    return this.frame.locator(".suggestion");
  }
}

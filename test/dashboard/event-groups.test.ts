/** Many spikes are one entry of the list of events, which opens to them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage((hub) => hub.play(runs.spiky));

test("twenty spikes are one entry with the largest, which opens and stays open", async () => {
  const dashboard = await stage.open({ run: "spiky" });
  const { page } = dashboard;
  const group = page.getByRole("button", { name: "23 spikes" });
  const lines = page.locator(".events li");
  await group.waitFor();
  assert.equal(await lines.count(), 1);
  assert.match(await lines.innerText(), /The largest norm is [\d.]+ \([\d.]+ times the recent median\), at step 500\./);

  await group.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "step 1,150" }).waitFor();
  assert.equal(await group.getAttribute("aria-expanded"), "true");
  assert.equal(await lines.count(), 24);
  await page.reload();
  await page.getByRole("button", { name: "step 1,150" }).waitFor();
  await group.click();
  await page.getByRole("button", { name: "step 1,150" }).waitFor({ state: "detached" });
  assert.equal(await lines.count(), 1);
  await dashboard.close();
});

test("the steps of a group are brought into view together", async () => {
  const dashboard = await stage.open({ run: "spiky" });
  const { page } = dashboard;
  await page.getByRole("button", { name: "23 spikes" }).click();
  await page.getByRole("button", { name: "step 500", exact: true }).click();
  await page.getByText("Steps 450 to 550").waitFor();
  await page.getByRole("button", { name: "Steps 50 to 1,150" }).click();
  await page.getByText("Steps 0 to 1,199 · whole run").waitFor();
  await dashboard.close();
});

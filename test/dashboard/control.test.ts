/** Live control: what the page asks the extension for, and what it shows of it; the extension's part is played here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FromDashboard } from "../../protocol/webview.ts";
import type { DashboardPage } from "./page.ts";
import * as runs from "./runs.ts";
import { Stage } from "./stage.ts";

const stage = new Stage();

type Asked = Extract<FromDashboard, { type: "control" }>;
const asked = (dashboard: DashboardPage) =>
  dashboard.sent.filter((message): message is Asked => message.type === "control");
async function nth(dashboard: DashboardPage, n: number): Promise<Asked> {
  while (asked(dashboard).length < n) await dashboard.settled();
  return asked(dashboard)[n - 1]!;
}
const control = ({ page }: DashboardPage) => page.getByRole("region", { name: "Live control" });

test("a threshold is changed by the keyboard: asked for, under way, and then in force and marked", async () => {
  const probe = await stage.probe(runs.controlled);
  await probe.tell();
  const dashboard = await stage.open({ run: "controlled", height: 1400 });
  const { page } = dashboard;
  const panel = control(dashboard);
  await panel.getByText("In force: what the script says, 1.").waitFor();
  assert.equal(await panel.getByRole("button", { name: "Back to the script's" }).getAttribute("aria-disabled"), "true");

  const input = panel.getByLabel("New threshold");
  await input.focus();
  for (const wrong of ["", "0", "-2", "much", "Infinity"]) {
    await input.fill(wrong);
    await page.keyboard.press("Enter");
    assert.equal(await panel.getByRole("alert").innerText(), "Enter a number above 0.", wrong);
    assert.equal(await input.getAttribute("aria-invalid"), "true");
  }
  await input.fill("0.5");
  assert.equal(await input.getAttribute("aria-invalid"), null);
  await page.keyboard.press("Enter");
  const request = await nth(dashboard, 1);
  assert.deepEqual(request, { type: "control", id: 1, run: "controlled", series: "adamw", threshold: 0.5 });
  await panel.getByText("Asking for the change…").waitFor();
  await page.keyboard.press("Enter"); // while the first is under way
  const off = panel.getByRole("button", { name: "Switch clipping off" });
  await off.click({ force: true });
  const backgroundColor = await off.evaluate((button) => getComputedStyle(button).backgroundColor);
  assert.equal(
    backgroundColor,
    "rgba(0, 0, 0, 0)",
    "a disabled button under the mouse looks as if it could be pressed",
  );

  const heard = probe.asked();
  const answered = stage.hub.control("controlled", "adamw", 0.5);
  const { id } = await heard;
  await panel.getByText("Changing to 0.5 after the update that is under way…").waitFor();
  await probe.controlled(id, { series: "adamw", threshold: 0.5, since: 640 }, 1);
  assert.deepEqual((await answered).ok, {});
  await dashboard.post({ type: "controlled", id: 1, outcome: "done", reason: null });
  await panel.getByText("In force: 0.5, set by you at step 640.").waitFor();
  await panel.getByText("Changed.", { exact: true }).waitFor();
  assert.equal(asked(dashboard).length, 1);

  const events = page.getByRole("region", { name: "Events" });
  await events.getByText("The clipping threshold was set to 0.5 by the user.").waitFor();
  // Above the window by now, where it is drawn once a second.
  await page.locator('[data-chart="norm"]').getByLabel("The threshold was changed by you in 1 place.").waitFor();
  await dashboard.screenshot("control-changed");

  await panel.getByRole("button", { name: "Back to the script's" }).click();
  assert.equal((await nth(dashboard, 2)).threshold, "script");
  await dashboard.post({ type: "controlled", id: 2, outcome: "refused", reason: "This run is not connected." });
  await panel.getByText("Not changed: This run is not connected.").waitFor();
  await off.click();
  assert.equal((await nth(dashboard, 3)).threshold, "off");
  await dashboard.post({ type: "controlled", id: 3, outcome: "cancelled", reason: null });
  await panel.getByText("In force: 0.5, set by you at step 640.").waitFor();
  await panel.getByText("Not changed").waitFor({ state: "detached" });
  assert.deepEqual(dashboard.complaints, []);
  await dashboard.close();
});

test("once clipping is switched off, no threshold or clip rate of before is told as the newest", async () => {
  const run = { ...runs.controlled, info: { ...runs.controlled.info, id: "switched-off", name: "switched off" } };
  const probe = await stage.probe(run);
  await probe.tell();
  const dashboard = await stage.open({ run: "switched-off", height: 1400 });
  const { page } = dashboard;
  const told = (name: string) =>
    page.locator('[data-chart="norm"] .legend li').filter({ hasText: name }).locator(".value");
  const rate = page.locator('[data-figure="clip-rate"] .value');
  assert.equal(await told("Threshold").innerText(), "1");
  assert.match(await rate.innerText(), /%$/);
  await page.getByRole("button", { name: "Switch clipping off" }).click();
  const heard = probe.asked();
  const answered = stage.hub.control("switched-off", "adamw", "off");
  const { id } = await heard;
  await probe.controlled(id, { series: "adamw", threshold: "off", since: 690 }, 1);
  await answered;
  await told("Threshold").getByText("off", { exact: true }).waitFor();
  await rate.getByText("off", { exact: true }).waitFor();
  await page.locator('[data-chart="clip-rate"] .legend .value').getByText("off", { exact: true }).waitFor();
  // At a step where there was one, it is told.
  await page.locator('[data-chart="norm"] .surface').focus();
  await page.keyboard.press("Home");
  await told("Threshold").getByText("1", { exact: true }).waitFor();
  await dashboard.close();
});

test("the suggestion is offered where it is better than what is in force, and else is said to be none", async () => {
  await (await stage.probe(runs.loose)).tell();
  const dashboard = await stage.open({ run: "loose", height: 1400 });
  const { page } = dashboard;
  const panel = control(dashboard);
  const suggested = await page.locator(".suggestion .threshold").innerText();
  await panel.getByRole("button", { name: `Apply the suggested ${suggested}` }).click();
  assert.equal((await nth(dashboard, 1)).threshold, Number(suggested));

  await dashboard.post({ type: "show", run: "controlled" });
  await panel.getByText("no better than what is in force: there is nothing to apply.").waitFor();
  await panel.getByRole("button", { name: "Apply the suggested" }).waitFor({ state: "hidden" });
  assert.equal(asked(dashboard).length, 1);
  await dashboard.close();
});

test("a threshold for each parameter is named as such, and none is suggested", async () => {
  await (await stage.probe(runs.oneByOne)).tell();
  const dashboard = await stage.open({ run: "one-by-one", height: 1400 });
  const panel = control(dashboard);
  await panel.getByText("In force: what the script says.").waitFor();
  await panel.getByLabel("New threshold for each parameter").fill("0.5");
  await panel.getByRole("button", { name: "Change", exact: true }).click();
  assert.equal((await nth(dashboard, 1)).threshold, 0.5);
  assert.equal(await panel.getByRole("button", { name: "Apply the suggested" }).count(), 0);
  await dashboard.close();
});

test("what can't be changed says why and asks for nothing, and a run that allows nothing shows no control", async () => {
  await (await stage.probe(runs.uncontrollable)).tell();
  await (await stage.probe(runs.compiled)).tell();
  await (await stage.probe(runs.spikes)).tell();
  const dashboard = await stage.open({ run: "compiled" });
  const panel = control(dashboard);
  await panel.getByText("Its threshold is part of the compiled step.").waitFor();
  assert.ok(await panel.getByLabel("New threshold").isDisabled());
  for (const button of await panel.getByRole("button").all()) await button.click({ force: true });
  await dashboard.post({ type: "show", run: "uncontrollable" });
  await panel.getByText("This run has no clip whose threshold could be changed.").waitFor();
  assert.ok(await panel.getByLabel("New threshold").isDisabled());
  for (const name of ["Change", "Switch clipping off", "Back to the script's"])
    await panel.getByRole("button", { name, exact: true }).click({ force: true });
  await dashboard.settled();
  await dashboard.post({ type: "show", run: "spikes" });
  await panel.waitFor({ state: "hidden" });
  assert.deepEqual(asked(dashboard), []);
  await dashboard.close();
});

test("a training that waits is let go on by the keyboard", async () => {
  await (await stage.probe(runs.paused)).tell();
  const dashboard = await stage.open({ run: "paused" });
  const { page } = dashboard;
  const alert = page.getByRole("alert").filter({ hasText: "decoder.weight is not finite" });
  await alert.waitFor();
  await page.getByRole("button", { name: "Skip this update" }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const proceeding = () => dashboard.sent.filter((message) => message.type === "proceed");
  while (proceeding().length < 2) await dashboard.settled();
  const request = { type: "proceed", run: "paused", step: 700 };
  assert.deepEqual(proceeding(), [
    { ...request, id: 1, action: "skip" },
    { ...request, id: 2, action: "apply" },
  ]);
  await dashboard.post({
    type: "controlled",
    id: 2,
    outcome: "refused",
    reason: "The run does not wait at this step.",
  });
  await page.getByText("Nothing was done: The run does not wait at this step.").waitFor();
  await dashboard.screenshot("paused-refused");
  await dashboard.post({ type: "show", run: "controlled" });
  await alert.waitFor({ state: "hidden" });
  await dashboard.close();
});

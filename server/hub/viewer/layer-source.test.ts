import { expect, it } from "vitest";
import type { LayerSource } from "../../../protocol/telemetry.ts";
import type { ViewerResults } from "../../../protocol/viewer.ts";
import { hello, ProbeClient, SERIES, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const made = (owner: string, line: number): LayerSource => ({
  module: "torch.nn.modules.linear.Linear",
  owner,
  definition: { file: "/home/ada/model.py", line: 1, cell: null },
  assignment: { file: "/home/ada/model.py", line, cell: null },
});
const layers = { t: ["first.weight", "second.weight", "third.weight"] };
const told = { ...SERIES, layers, code: { sources: [made("Net", 4), made("Head", 9)], of: { t: [1, 0, null] } } };

it("tells where a layer comes from, as the newest attempt told it", async () => {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello({ series: [SERIES] }));
  const viewer = await ViewerClient.connect(hub.endpoint);
  const ask = async (from: ViewerClient, layer: string, series = "adamw") =>
    (await from.request<ViewerResults["layerSource"]>("layerSource", { run: "run-1", series, layer })).source;
  expect(await ask(viewer, "first.weight")).toBeNull();
  probe.send({ type: "series", series: told });
  await expect.poll(() => ask(viewer, "first.weight")).toEqual(made("Head", 9));
  expect(await ask(viewer, "second.weight")).toEqual(made("Net", 4));
  for (const unknown of ["third.weight", "fourth.weight", "__proto__"]) expect(await ask(viewer, unknown)).toBeNull();
  expect(await ask(viewer, "first.weight", "sgd")).toBeNull();
  await ProbeClient.greet(
    hub.endpoint,
    hello({ attempt: "later", series: [{ ...told, code: { sources: [made("Net", 7)], of: { t: [0, 3] } } }] }),
  );
  expect(await ask(viewer, "first.weight")).toEqual(made("Net", 7));
  // One that points beyond the sources points nowhere: what was told before holds.
  expect(await ask(viewer, "second.weight")).toEqual(made("Net", 4));
});

it("tells which commit ran, and nothing of a run whose probe told nothing", async () => {
  const hub = await TestHub.start();
  const greeting = hello();
  await ProbeClient.greet(hub.endpoint, greeting);
  const silent = hello({ id: "run-2" });
  await ProbeClient.greet(hub.endpoint, { ...silent, run: { ...silent.run, code: null } });
  const viewer = await ViewerClient.connect(hub.endpoint);
  expect((await viewer.subscribe("run-1")).code).toEqual({ ...greeting.run.code, cells: null });
  expect((await viewer.subscribe("run-2")).code).toBeNull();
});

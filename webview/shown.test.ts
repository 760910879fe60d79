import { describe, expect, it } from "vitest";
import type { RunDetail, RunSummary, SeriesDetail } from "../protocol/viewer.ts";
import { counterpart, knownOthers, placeholderKind, shownRun, shownSeries } from "./shown.ts";

const run = (id: string, startedAt: number) => ({ id, startedAt, status: "running" }) as RunSummary;
const series = (name: string, rank: number, steps = 1) =>
  ({ id: rank === 0 ? name : `${name}@${rank}`, name, rank, steps }) as SeriesDetail;
const detail = (status: RunSummary["status"], ...all: SeriesDetail[]) =>
  ({ summary: { ...run("a", 0), status }, series: all }) as unknown as RunDetail;

describe("the run on screen", () => {
  const runs = [run("old", 1), run("new", 3), run("between", 2)];
  it("is the chosen one, or the latest where that is gone or none was chosen", () => {
    expect(shownRun(runs, "old")).toBe("old");
    expect(shownRun(runs, "gone")).toBe("new");
    expect(shownRun(runs, null)).toBe("new");
    expect(shownRun([], "gone")).toBeNull();
  });

  it("is compared with those that are still there, each in its place; while none are known, with all", () => {
    expect(knownOthers(runs, ["gone", "old", null])).toEqual([null, "old", null]);
    expect(knownOthers(null, ["gone", "old"])).toEqual(["gone", "old"]);
  });
});

describe("the series on screen", () => {
  const shown = detail("running", series("generator", 0), series("critic", 0), series("critic", 1));
  it("is the chosen one as the chosen rank told it, or the first", () => {
    expect(shownSeries(shown, { series: "critic", rank: 1 })?.id).toBe("critic@1");
    expect(shownSeries(shown, { series: "critic", rank: null })?.id).toBe("critic");
    expect(shownSeries(shown, { series: "critic", rank: 7 })?.id).toBe("critic");
    expect(shownSeries(shown, { series: "gone", rank: 1 })?.id).toBe("generator");
    expect(shownSeries(shown, { series: null, rank: null })?.id).toBe("generator");
    expect(shownSeries(null, { series: null, rank: null })).toBeNull();
  });

  it("is compared with the one of the same name and rank, of the same name, or the first", () => {
    const other = detail("running", series("critic", 0), series("critic", 1), series("generator", 0));
    expect(counterpart(other, series("critic", 1))?.id).toBe("critic@1");
    expect(counterpart(other, series("generator", 1))?.id).toBe("generator");
    expect(counterpart(other, series("actor", 0))?.id).toBe("critic");
    expect(counterpart(detail("running"), series("actor", 0))).toBeNull();
  });
});

describe("in the place of a chart", () => {
  const connected = { state: "connected", reason: null } as const;
  const waiting = { runs: null, hub: connected, problem: null, detail: null };
  const known = { ...waiting, runs: [run("a", 0)] };
  it("stands how far the connection has come", () => {
    const away = { state: "disconnected", reason: null } as const;
    expect(placeholderKind({ ...waiting, hub: away }, null)).toBe("disconnected");
    expect(placeholderKind(waiting, null)).toBe("loading");
    expect(placeholderKind({ ...waiting, problem: "damaged" }, null)).toBe("failed");
    expect(placeholderKind({ ...waiting, runs: [] }, null)).toBe("empty");
    expect(placeholderKind(known, null)).toBe("loading");
  });

  it("stands why a run has no step, and nothing once it has one", () => {
    const none = series("model", 0, 0);
    expect(placeholderKind({ ...known, detail: detail("running", none) }, none)).toBe("no-steps");
    expect(placeholderKind({ ...known, detail: detail("finished") }, null)).toBe("unseen");
    expect(placeholderKind({ ...known, detail: detail("failed", none) }, none)).toBe("ended-early");
    expect(placeholderKind({ ...known, detail: detail("running", none) }, series("model", 0))).toBeNull();
  });
});

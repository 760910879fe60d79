import { expect, test } from "vitest";
import { confine, pan, stepRange, visibleWindow, wholeRun, zoom } from "./window.ts";

const whole = { from: 0, to: 1000 };

test("the one step of a run stands in the middle of the axis, and there is nothing to zoom into", () => {
  const one = wholeRun(7, 7);
  expect(one).toEqual({ from: 7, to: 7 });
  expect(stepRange(one)).toEqual({ min: 6.5, max: 7.5 });
  expect(stepRange(wholeRun(7, 8))).toEqual({ min: 7, max: 8 });
  expect(zoom(one, one, 7, 0.5)).toBeNull();
  expect(pan(one, one, 1)).toBeNull();
});

test("zooming keeps the step under the pointer where it is", () => {
  expect(zoom(whole, whole, 250, 0.5)).toEqual({ from: 125, to: 625 });
  expect(zoom({ from: 125, to: 625 }, whole, 125, 0.5)).toEqual({ from: 125, to: 375 });
});

test("zooming in stops at a width that can be read", () => {
  expect(zoom({ from: 100, to: 104 }, whole, 102, 0.1)).toEqual({ from: 100, to: 104 });
});

test("zooming out past the run's ends follows the run again", () => {
  expect(zoom({ from: 100, to: 900 }, whole, 500, 2)).toBeNull();
});

test("panning stops at the run's ends and keeps its width", () => {
  expect(pan({ from: 100, to: 300 }, whole, -1)).toEqual({ from: 0, to: 200 });
  expect(pan({ from: 700, to: 900 }, whole, 1)).toEqual({ from: 800, to: 1000 });
});

test("a remembered window of another run is brought inside this one", () => {
  expect(visibleWindow({ from: 5000, to: 5100 }, whole)).toEqual({ from: 900, to: 1000 });
  expect(visibleWindow({ from: 0, to: 5000 }, whole)).toEqual(whole);
  expect(visibleWindow(null, whole)).toEqual(whole);
});

test("a dragged range becomes whole steps", () => {
  expect(confine({ from: 10.4, to: 99.7 }, whole)).toEqual({ from: 11, to: 100 });
});

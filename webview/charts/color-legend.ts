/** What the colours of the heat map mean, in numbers. */
import { element, setHidden, setText } from "../dom.ts";
import { formatValue } from "../format.ts";
import { t } from "../l10n.ts";
import type { HeatScene } from "./heat-map.ts";

const TEXT = {
  nonFinite: t("NaN or infinite"),
  zero: t("exactly 0"),
  notSampled: t("not sampled"),
  scale: t("Colours, on a logarithmic scale"),
};

export interface ColorLegend {
  readonly element: HTMLElement;
  fill(scene: HeatScene, colors: readonly string[]): void;
}

export function createColorLegend(): ColorLegend {
  const [low, high] = [element("span"), element("span")];
  const ramp = element("span", { class: "ramp" });
  const nonFinite = element("span", { class: "key", "data-key": "non-finite" }, TEXT.nonFinite);
  const zero = element("span", { class: "key", "data-key": "zero" }, TEXT.zero);
  const gap = element("span", { class: "key", "data-key": "gap" }, TEXT.notSampled);
  const group = element("span", { class: "colors", title: TEXT.scale }, low, ramp, high);
  return {
    element: element("p", { class: "scale" }, group, nonFinite, zero, gap),
    fill({ range, cells }, colors) {
      setText(low, formatValue(range.min));
      setText(high, formatValue(range.max));
      ramp.style.background = `linear-gradient(to right, ${colors.filter((_, i) => i % 8 === 0).join(", ")})`;
      setHidden(nonFinite, !cells.nonfinite.some((n) => n > 0));
      setHidden(zero, !cells.max.includes(0));
      setHidden(gap, !cells.max.some((norm, i) => Number.isNaN(norm) && cells.nonfinite[i] === 0));
    },
  };
}

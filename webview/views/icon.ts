/** The few icons of the dashboard. Each kind of event has a shape of its own, the same as its mark in the charts. */
const PATHS = {
  running: "M8 2a6 6 0 1 0 6 6",
  finished: "M3 8.5l3.5 3.5L13 4.5",
  failed: "M4 4l8 8M12 4l-8 8",
  interrupted: "M4 4h8v8H4z",
  lost: "M2.5 8h2M7 8h2M11.5 8h2",
  spike: "M8 3l5.5 10h-11z",
  warning: "M8 2.5l6 11H2zM8 6.5v3M8 11v1",
  skipped: "M4.5 3.5h7v9h-7z",
  info: "M8 2a6 6 0 1 0 .01 0M8 7v4M8 4.5v1",
  gap: "M2 8h3M11 8h3M6.5 5v6M9.5 5v6",
  epoch: "M8 1.5v3M8 6.5v3M8 11.5v3",
  checkpoint: "M4.5 14.5v-12l8 3-8 3",
  chevron: "M4 6l4 4 4-4",
} as const;
export type IconName = keyof typeof PATHS;

const SVG = "http://www.w3.org/2000/svg";

/** Decoration: the text beside it says the same. */
export function createIcon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(SVG, "path"));
  setIcon(svg, name);
  return svg;
}

export function setIcon(svg: SVGSVGElement, name: IconName): void {
  if (svg.dataset.icon === name) return;
  svg.dataset.icon = name;
  svg.firstElementChild!.setAttribute("d", PATHS[name]);
}

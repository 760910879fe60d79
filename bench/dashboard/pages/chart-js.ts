/** Chart.js with every step of the run, `?decimation=` none, lttb or min-max: one chart of one line. */
import { Chart, Decimation, LinearScale, LineController, LineElement, LogarithmicScale, PointElement } from "chart.js";
import { drive, MovedWindow, norms, offer, onScreen } from "./measured.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Decimation);

const algorithm = new URLSearchParams(location.search).get("decimation") as "none" | "lttb" | "min-max";
const canvas = document.createElement("canvas");
const frame = document.createElement("div");
frame.style.cssText = "width: 1200px; height: 320px; position: relative";
frame.append(canvas);
document.body.append(frame);

let chart: Chart<"line">;
let shown: MovedWindow;

async function paint(): Promise<number> {
  const values = await norms();
  shown = new MovedWindow(values.length - 1);
  chart = new Chart(canvas, {
    type: "line",
    data: { datasets: [{ data: Array.from(values, (y, x) => ({ x, y })), pointRadius: 0, borderWidth: 1.5 }] },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      events: [],
      scales: { x: { type: "linear", min: 0, max: shown.to }, y: { type: "logarithmic" } },
      plugins: { decimation: algorithm === "none" ? { enabled: false } : { enabled: true, algorithm } },
    },
  });
  return onScreen();
}

offer({
  painted: paint(),
  drive: (limit) =>
    drive((move) => {
      shown.move(move);
      Object.assign(chart.options.scales!.x!, { min: shown.from, max: shown.to });
      chart.update("none");
    }, limit),
});

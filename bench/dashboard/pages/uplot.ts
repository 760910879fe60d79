/** uPlot with every step of the run: one chart of one line. */
import uPlot from "uplot";
import { drive, MovedWindow, norms, offer, onScreen } from "./measured.ts";

let chart: uPlot;
let shown: MovedWindow;

async function paint(): Promise<number> {
  const values = await norms();
  shown = new MovedWindow(values.length - 1);
  const options: uPlot.Options = {
    width: 1200,
    height: 320,
    scales: { x: { time: false }, y: { distr: 3 } },
    series: [{}, { stroke: "#3794ff", width: 1.5, points: { show: false } }],
  };
  chart = new uPlot(options, [Float64Array.from(values.keys()), values], document.body);
  return onScreen();
}

offer({
  painted: paint(),
  drive: (limit) =>
    drive((move) => {
      shown.move(move);
      chart.setScale("x", { min: shown.from, max: shown.to });
    }, limit),
});

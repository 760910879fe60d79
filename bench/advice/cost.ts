import { type ObservedStep, SeriesMonitor } from "../../server/advice/monitor.ts";

/** Time per step of the monitor over a made-up long run of log-normal norms, in µs, and of one `advice()`. */
export function cost(steps: number): { perStep: number; perAdvice: number } {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
  const run: ObservedStep[] = Array.from({ length: steps }, (_, step) => ({
    step,
    time: step,
    normPre: Math.exp(0.5 * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
    normPost: null,
    threshold: 1,
    loss: random(),
    learningRate: 1e-3,
    updateRatio: random() / 1000,
    lossScale: null,
    skipped: false,
    byValue: false,
  }));
  const monitor = new SeriesMonitor();
  let start = performance.now();
  for (const step of run) monitor.observe(step);
  const perStep = (1000 * (performance.now() - start)) / steps;
  start = performance.now();
  for (let i = 0; i < 100; i++) monitor.advice();
  return { perStep, perAdvice: (1000 * (performance.now() - start)) / 100 };
}

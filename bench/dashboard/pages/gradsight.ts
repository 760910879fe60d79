/** Runs before the dashboard, in the place of VS Code's webview script: a relay to the hub that counts, and a look at the page. */
import { drive, offer, onScreen } from "./measured.ts";

/** What has come and gone so far; tiles are of the requests. */
const traffic = { requests: 0, tiles: 0, pushes: 0, drawings: 0 };
let underWay = 0;

const post = (message: unknown) => window.postMessage(message);

function connect(): WebSocket {
  const socket = new WebSocket(`ws://${location.host}/hub`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => post({ type: "hub", state: "connected", reason: null });
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (data instanceof ArrayBuffer) {
      underWay -= 1;
      return post({ type: "tile", bytes: data });
    }
    const message = JSON.parse(data);
    if ("push" in message) traffic.pushes += 1;
    else underWay -= 1;
    post({ type: "message", message });
  };
  return socket;
}

let socket: WebSocket;
const receive = (message: { type: string; request?: { method: string } }) => {
  if (message.type === "ready") socket = connect();
  if (message.type !== "request") return;
  traffic.requests += 1;
  if (message.request?.method === "tile") traffic.tiles += 1;
  underWay += 1;
  socket.send(JSON.stringify(message.request));
};
Object.assign(window, {
  traffic,
  acquireVsCodeApi: () => ({
    postMessage: receive,
    getState: () => JSON.parse(sessionStorage.getItem("state") ?? "null") ?? undefined,
    setState: (state: unknown) => sessionStorage.setItem("state", JSON.stringify(state)),
  }),
});

// Chart.js clears its canvas each time that it draws.
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...area) {
  if (this.canvas.closest('[data-chart="norm"]')) traffic.drawings += 1;
  clear.apply(this, area);
};

/** Resolves when the chart of the norms says that it shows a run from step 0 to this one, and these beside it, and did not before. */
function drawn(lastStep: string, others: readonly string[] = []): Promise<number> {
  return new Promise((resolve) => {
    const told = [`steps 0 to ${lastStep}.`, ...others.map((name) => ` ${name}: `)];
    const shows = () => {
      const label = document.querySelector('[data-chart="norm"] canvas')?.getAttribute("aria-label");
      return told.every((text) => label?.includes(text));
    };
    const observer = new MutationObserver(() => {
      if (!shows()) return;
      observer.disconnect();
      void onScreen().then(resolve);
    });
    observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });
  });
}

/** Shows a run; milliseconds until it is painted. */
async function show(run: string, lastStep: string): Promise<number> {
  const begun = performance.now();
  post({ type: "show", run });
  return (await drawn(lastStep)) - begun;
}

/** What the page does when its window is minimised. Headless Chromium counts every page as visible. */
function hide(hidden: boolean): void {
  Object.defineProperty(document, "visibilityState", { value: hidden ? "hidden" : "visible", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
Object.assign(window, { show, hide });

/** Until all that was asked for is answered, and nothing new is asked for. */
async function answered(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet = underWay > 0 ? 0 : quiet + 1) await onScreen();
}

const asked = new URLSearchParams(location.search);
offer({
  painted: drawn(asked.get("last") ?? "", asked.get("others")?.split(",")),
  drive(limit) {
    const surface = document.querySelector('[data-chart="norm"] .surface')!;
    const box = surface.getBoundingClientRect();
    const wheel = (init: WheelEventInit) =>
      surface.dispatchEvent(
        new WheelEvent("wheel", {
          clientX: box.left + box.width / 2,
          clientY: box.top + 20,
          bubbles: true,
          cancelable: true,
          ...init,
        }),
      );
    return drive(
      ({ zoom, pan }) => {
        // How far the dashboard goes for so many pixels of a wheel: webview/charts/gestures.ts.
        if (pan === 0) wheel({ ctrlKey: true, deltaY: Math.log(zoom) * 200 });
        else wheel({ deltaX: pan * 600 });
      },
      limit,
      answered,
    );
  },
});

/**
 * A canvas context that writes SVG. It has the calls and properties that the charts use and no others: one that is
 * missing throws, rather than leave something out of the file. Text stays text.
 */

interface State {
  fillStyle: string;
  strokeStyle: string;
  globalAlpha: number;
  lineWidth: number;
  lineCap: CanvasLineCap;
  lineJoin: CanvasLineJoin;
  lineDashOffset: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  dash: readonly number[];
  matrix: DOMMatrix;
  clip: string | null;
}

const initial = (): State => ({
  fillStyle: "#000000",
  strokeStyle: "#000000",
  globalAlpha: 1,
  lineWidth: 1,
  lineCap: "butt",
  lineJoin: "miter",
  lineDashOffset: 0,
  font: "10px sans-serif",
  textAlign: "start",
  textBaseline: "alphabetic",
  dash: [],
  matrix: new DOMMatrix(),
  clip: null,
});

const ANCHORS: Record<CanvasTextAlign, string> = {
  start: "start",
  left: "start",
  center: "middle",
  end: "end",
  right: "end",
};

type Attributes = Readonly<Record<string, string | number | null>>;

/** Clips are found by their names in a whole document, also where drawings are put together. */
let clips = 0;

export class SvgContext {
  readonly canvas: SvgSurface;
  /** Knows the sizes of texts, and what CSS takes for a colour or a font. */
  readonly #browser = document.createElement("canvas").getContext("2d")!;
  readonly #parts: string[] = [];
  readonly #saved: State[] = [];
  readonly #path: string[] = [];
  #state = initial();

  constructor(canvas: SvgSurface) {
    this.canvas = canvas;
    // A property that is unknown here must not pass for one that was set.
    Object.preventExtensions(this);
  }

  /** What has been drawn, as SVG elements. */
  get markup(): string {
    return this.#parts.join("");
  }

  set fillStyle(value: string) {
    this.#state.fillStyle = this.#colorOf(value);
  }

  set strokeStyle(value: string) {
    this.#state.strokeStyle = this.#colorOf(value);
  }

  set globalAlpha(value: number) {
    this.#state.globalAlpha = value;
  }

  set lineWidth(value: number) {
    this.#state.lineWidth = value;
  }

  set lineCap(value: CanvasLineCap) {
    this.#state.lineCap = value;
  }

  set lineJoin(value: CanvasLineJoin) {
    this.#state.lineJoin = value;
  }

  set lineDashOffset(value: number) {
    this.#state.lineDashOffset = value;
  }

  set textAlign(value: CanvasTextAlign) {
    this.#state.textAlign = value;
  }

  set textBaseline(value: CanvasTextBaseline) {
    this.#state.textBaseline = value;
  }

  get font(): string {
    return this.#state.font;
  }

  set font(value: string) {
    this.#browser.font = value;
    this.#state.font = this.#browser.font;
  }

  setLineDash(dash: readonly number[]): void {
    this.#state.dash = [...dash];
  }

  save(): void {
    this.#saved.push({ ...this.#state });
  }

  restore(): void {
    this.#state = this.#saved.pop() ?? this.#state;
  }

  translate(x: number, y: number): void {
    this.#state.matrix = this.#state.matrix.translate(x, y);
  }

  rotate(radians: number): void {
    this.#state.matrix = this.#state.matrix.rotate((radians * 180) / Math.PI);
  }

  scale(x: number, y: number): void {
    this.#state.matrix = this.#state.matrix.scale(x, y);
  }

  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void {
    this.#state.matrix = new DOMMatrix([a, b, c, d, e, f]);
  }

  resetTransform(): void {
    this.#state.matrix = new DOMMatrix();
  }

  beginPath(): void {
    this.#path.length = 0;
  }

  closePath(): void {
    if (this.#path.length > 0) this.#path.push("Z");
  }

  moveTo(x: number, y: number): void {
    this.#path.push(`M${this.#point(x, y)}`);
  }

  lineTo(x: number, y: number): void {
    this.#path.push(`${this.#path.length > 0 ? "L" : "M"}${this.#point(x, y)}`);
  }

  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void {
    this.#path.push(`C${this.#point(x1, y1)} ${this.#point(x2, y2)} ${this.#point(x, y)}`);
  }

  /** @throws {Error} for less than a whole circle, which no chart draws */
  arc(x: number, y: number, radius: number, start: number, end: number): void {
    if (Math.abs(end - start) < 2 * Math.PI - 1e-9) throw new Error("an arc that is no circle");
    const [left, right] = [this.#point(x - radius, y), this.#point(x + radius, y)];
    this.#path.push(`M${right}A${radius} ${radius} 0 1 1 ${left}A${radius} ${radius} 0 1 1 ${right}`);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(rectangle((px, py) => this.#point(px, py), x, y, width, height));
  }

  clip(): void {
    const id = `clip-${++clips}`;
    const path = element("path", { d: this.#path.join("") });
    this.#parts.push(element("clipPath", { id, "clip-path": this.#clipping }, path));
    this.#state.clip = id;
  }

  /** @throws {TypeError} for a `Path2D`, which can't be read */
  stroke(...none: never[]): void {
    if (none.length > 0) throw new TypeError("a path that can't be read");
    this.#draw("path", { d: this.#path.join(""), fill: "none", ...this.#line });
  }

  fill(rule: CanvasFillRule = "nonzero"): void {
    if (typeof rule !== "string") throw new TypeError("a path that can't be read");
    this.#draw("path", { d: this.#path.join(""), ...this.#paint("fill"), "fill-rule": rule });
  }

  /** Begins anew: what is cleared is all, as a chart does it. @throws {Error} for a part of it */
  clearRect(x: number, y: number, width: number, height: number): void {
    if (x > 0 || y > 0 || width < this.canvas.width || height < this.canvas.height)
      throw new Error("a part of a drawing can't be cleared");
    this.#parts.length = 0;
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#draw("path", { d: this.#rectangle(x, y, width, height), ...this.#paint("fill") });
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#draw("path", { d: this.#rectangle(x, y, width, height), fill: "none", ...this.#line });
  }

  measureText(text: string): TextMetrics {
    this.#browser.font = this.#state.font;
    this.#browser.textBaseline = this.#state.textBaseline;
    return this.#browser.measureText(text);
  }

  fillText(text: string, x: number, y: number): void {
    this.#text(text, x, y, this.#paint("fill"));
  }

  strokeText(text: string, x: number, y: number): void {
    this.#text(text, x, y, { fill: "none", ...this.#line });
  }

  /** A canvas as pixels; another drawing as it is, in the size that it has. */
  drawImage(image: HTMLCanvasElement | SvgSurface, x: number, y: number, width: number, height: number): void {
    if (image instanceof SvgSurface)
      this.#draw("g", { transform: `translate(${this.#point(x, y)})` }, image.getContext().markup);
    else {
      const { a, d, e, f } = this.#state.matrix;
      const place = { x: round(a * x + e), y: round(d * y + f), width: round(a * width), height: round(d * height) };
      this.#draw("image", { ...place, preserveAspectRatio: "none", href: image.toDataURL() });
    }
  }

  get #clipping(): string | null {
    return this.#state.clip && `url(#${this.#state.clip})`;
  }

  /** Stroke and the ways of it; what SVG does by itself is left out. */
  get #line(): Attributes {
    const { lineWidth, lineCap, lineJoin, dash, lineDashOffset } = this.#state;
    return {
      ...this.#paint("stroke"),
      "stroke-width": lineWidth === 1 ? null : round(lineWidth),
      "stroke-linecap": lineCap === "butt" ? null : lineCap,
      "stroke-linejoin": lineJoin === "miter" ? null : lineJoin,
      // SVG's own limit is 4: a steep peak would lose its tip.
      "stroke-miterlimit": lineJoin === "miter" ? 10 : null,
      "stroke-dasharray": dash.length > 0 ? dash.join(" ") : null,
      "stroke-dashoffset": lineDashOffset || null,
    };
  }

  #paint(what: "fill" | "stroke"): Attributes {
    const color = this.#state[`${what}Style`];
    const [, rgb, alpha] = /^rgba\((.+), ([\d.]+)\)$/.exec(color) ?? [];
    const opacity = this.#state.globalAlpha * Number(alpha ?? 1);
    return { [what]: rgb ? `rgb(${rgb})` : color, [`${what}-opacity`]: opacity === 1 ? null : round(opacity) };
  }

  /** A colour as every reader of SVG knows it. @throws {TypeError} for a gradient or a pattern */
  #colorOf(value: string): string {
    if (typeof value !== "string") throw new TypeError("a style that is no colour");
    this.#browser.fillStyle = value;
    const color = this.#browser.fillStyle as string;
    if (/^(#|rgba)/.test(color)) return color;
    this.#browser.clearRect(0, 0, 1, 1);
    this.#browser.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = this.#browser.getImageData(0, 0, 1, 1).data;
    return `rgba(${r}, ${g}, ${b}, ${a! / 255})`;
  }

  /** The points of a path are where they are when it is made; what is drawn of it is not moved again. */
  #point(x: number, y: number): string {
    const { a, b, c, d, e, f } = this.#state.matrix;
    return `${round(a * x + c * y + e)} ${round(b * x + d * y + f)}`;
  }

  #rectangle(x: number, y: number, width: number, height: number): string {
    return rectangle((px, py) => this.#point(px, py), x, y, width, height);
  }

  #text(text: string, x: number, y: number, paint: Attributes): void {
    const { font, textAlign, textBaseline, matrix } = this.#state;
    const [, style, weight, size, family] = /^(italic )?(?:(bold|\d+) )?([\d.]+px) (.+)$/.exec(font) ?? [];
    if (size === undefined) throw new Error(`a font that can't be read: ${font}`);
    // Not every reader knows other baselines than the alphabetic one.
    const above = this.measureText(text).fontBoundingBoxAscent;
    this.#browser.textBaseline = "alphabetic";
    const baseline = y + this.#browser.measureText(text).fontBoundingBoxAscent - above;
    const { a, b, c, d, e, f } = matrix;
    const anchor = ANCHORS[textAlign];
    const attributes = {
      x: round(x),
      y: round(textBaseline === "alphabetic" ? y : baseline),
      transform: matrix.isIdentity ? null : `matrix(${[a, b, c, d, e, f].map(round).join(" ")})`,
      "text-anchor": anchor === "start" ? null : anchor,
      "font-family": family!,
      "font-size": size,
      "font-weight": weight ?? null,
      "font-style": style ? "italic" : null,
      ...paint,
    };
    this.#draw("text", attributes, escaped(text));
  }

  #draw(tag: string, attributes: Attributes, content = ""): void {
    // A clip stands where it was made, a transform moves all of its element: so they go on two.
    const clipping = this.#clipping;
    const drawn = element(tag, attributes, content);
    this.#parts.push(clipping ? element("g", { "clip-path": clipping }, drawn) : drawn);
  }
}

/** In the place of a canvas element: something for a chart to be drawn on, of this size in CSS pixels. */
export class SvgSurface {
  width: number;
  height: number;
  readonly #context = new SvgContext(this);

  constructor(width = 0, height = 0) {
    this.width = width;
    this.height = height;
  }

  get clientWidth(): number {
    return this.width;
  }

  get clientHeight(): number {
    return this.height;
  }

  getContext(): SvgContext {
    return this.#context;
  }

  /** The drawing as the text of a file. */
  get svg(): string {
    const size = { width: this.width, height: this.height, viewBox: `0 0 ${this.width} ${this.height}` };
    return element("svg", { xmlns: "http://www.w3.org/2000/svg", ...size }, this.#context.markup);
  }
}

function element(tag: string, attributes: Attributes, content = ""): string {
  const given = Object.entries(attributes).filter(([, value]) => value !== null);
  return `<${tag}${given.map(([name, value]) => ` ${name}="${escaped(String(value))}"`).join("")}>${content}</${tag}>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** XML has no way to write most control characters, nor half of a pair: they become what stands for the unreadable. */
const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu, "\ufffd")
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);

const round = (value: number): number => Math.round(value * 1000) / 1000;

const rectangle = (
  point: (x: number, y: number) => string,
  x: number,
  y: number,
  width: number,
  height: number,
): string => `M${point(x, y)}L${point(x + width, y)}L${point(x + width, y + height)}L${point(x, y + height)}Z`;

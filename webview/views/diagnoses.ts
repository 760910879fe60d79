/** What there is to say of a series beside its threshold: each cause with its evidence, how sure it is, and what to do. */
import "./diagnoses.css";
import type { Diagnosis } from "../../protocol/advice.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount } from "../format.ts";
import { t } from "../l10n.ts";

const TITLES: Record<Diagnosis["kind"], string> = {
  "hot-learning-rate": t("The learning rate is too high"),
  vanishing: t("The gradients vanish on their way to the first layers"),
  "no-gradient": t("No parameter gets a gradient"),
  dead: t("Some parameters get no gradient"),
  "bad-batch": t("One bad batch"),
  overflow: t("The gradients overflow at any loss scale"),
  "over-clipping": t("The clipping is too strong"),
  inactive: t("The clipping is inactive so far"),
};

const CONFIDENCE: Record<Diagnosis["confidence"], string> = {
  preliminary: t("preliminary"),
  likely: t("likely"),
  certain: t("certain"),
};

const TEXT = {
  title: t("What else the run shows"),
  step: (n: number) => t("step {0}", formatCount(n)),
  steps: (from: number, to: number) => t("steps {0} to {1}", formatCount(from), formatCount(to)),
  about: (confidence: string, steps: string) => t("{0}, {1}", confidence, steps),
};

export class DiagnosesView {
  readonly element = element("div", { class: "diagnoses" });
  readonly #list = element("ul");

  constructor() {
    this.element.append(element("h3", { id: "diagnoses-title" }, TEXT.title), this.#list);
    this.#list.setAttribute("aria-labelledby", "diagnoses-title");
  }

  show(diagnoses: readonly Diagnosis[]): void {
    setHidden(this.element, diagnoses.length === 0);
    patchList(this.#list, diagnoses, create, fill);
  }
}

function create(): HTMLElement {
  return element(
    "li",
    {},
    element("strong"),
    element("span", { class: "about" }),
    element("p", { class: "evidence-text" }),
    element("p", { class: "next" }),
  );
}

function fill(item: HTMLElement, { kind, confidence, firstStep, lastStep, evidence, next }: Diagnosis): void {
  const steps = firstStep === lastStep ? TEXT.step(firstStep) : TEXT.steps(firstStep, lastStep);
  const texts = [TITLES[kind], TEXT.about(CONFIDENCE[confidence], steps), evidence, next];
  setAttribute(item, "data-kind", kind);
  for (const [i, text] of texts.entries()) setText(item.children[i] as HTMLElement, text);
}

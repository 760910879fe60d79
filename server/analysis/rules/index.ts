import { missingClipping } from "./missing-clipping.ts";
import type { Rule } from "./rule.ts";

export const RULES: readonly Rule[] = [missingClipping];

export const documentationUrl = (rule: string) =>
  `https://github.com/gradsight/gradsight/blob/main/docs/rules/${rule}.md`;

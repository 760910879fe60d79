/** A threshold that a script reads from a JSON or YAML file of its own: by `json`, `yaml`, OmegaConf, or Hydra. */
import { numberAt } from "../../configs/values.ts";
import { type Call, ELSEWHERE, type Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { FunctionInfo } from "../names/scope.ts";
import { isCommandLine } from "./held-number.ts";
import type { KnownThreshold } from "./threshold.ts";

/** Assignments, calls and keys on the way from the threshold to the file. */
const MAX_STEPS = 16;

/** Give what a file holds that they are given, opened or by its path. */
const LOADS =
  /^(json\.loads?|yaml\.(safe_load|full_load|load|unsafe_load)|omegaconf\.OmegaConf\.load|ruamel\.yaml\.YAML\(\)\.load)\(\)$/;
/** Give the same again, in another form. */
const PASSES =
  /^(omegaconf\.OmegaConf\.(create|to_container|to_object|structured)|easydict\.EasyDict|munch\.munchify|builtins\.dict|types\.SimpleNamespace|argparse\.Namespace|ml_collections\.ConfigDict|box\.Box|addict\.Dict)\(\)$/;
const MERGES = /^omegaconf\.OmegaConf\.(unsafe_)?merge\(\)$/;
const HYDRA = /^hydra\.main$/;

/** Files that may hold it, in the order in which they win, each with the keys that lead to the number there. */
interface Held {
  readonly files: readonly { readonly path: string; readonly within: number }[];
  readonly keys: readonly string[];
}

export function thresholdInFile(facts: Facts, seen: Seen): KnownThreshold | null {
  const held = follow(facts, seen, [], 0);
  if (!held) return null;
  for (const { path, within } of held.files) {
    const file = facts.importer?.file(path);
    const found = file && numberAt(file.text, held.keys.slice(within));
    if (!file || !found) continue;
    const source = { path: file.path, text: file.text, base: ELSEWHERE };
    const anchor = { offset: ELSEWHERE, source };
    const literal: Expression = { kind: "number", value: found.value ?? 0, anchor, ...found.range };
    return { literal, value: found.value, origin: `\`${held.keys.join(".")}\` in \`${path}\``, isDefault: true };
  }
  return null;
}

function follow(facts: Facts, seen: Seen, keys: readonly string[], steps: number): Held | null {
  const { node, frame, scope } = seen;
  const { values } = facts;
  if (steps > MAX_STEPS) return null;
  const to = (next: Seen, under = keys) => follow(facts, next, under, steps + 1);
  if (node.kind === "call") return ofCall(facts, node, seen, keys, steps);
  if (node.kind === "subscript")
    return node.index?.kind === "string" ? to({ ...seen, node: node.object }, [node.index.value, ...keys]) : null;
  if (node.kind !== "name" && node.kind !== "attribute") return null;
  const variable = node.kind === "name" ? scope.lookup(node.id) : values.variables.of(node, frame, scope)?.variable;
  const [only, another] = variable?.bindings ?? [];
  if (node.kind === "attribute" && !only) return to({ ...seen, node: node.object }, [node.name, ...keys]);
  if (!only || another || variable?.contents.length) return null;
  const within = values.frames.for(only.scope, frame);
  if (only.kind === "value" && only.path.length === 0)
    return to({ node: only.value, frame: within, scope: only.scope });
  if (only.kind !== "parameter" || !only.scope.info) return null;
  const hydra = ofHydra(facts, only.scope.info, keys);
  if (hydra) return hydra;
  const calls = within.call ? [within.call.call] : values.callers.of(only.scope).map(({ call }) => call);
  const [call, more] = calls;
  const passed = call && !more ? values.callers.argumentFor(only, call, within) : null;
  if (!passed || passed === "default") return null;
  return to({ node: passed.node, frame: passed.frame ?? values.frames.of(passed.scope), scope: passed.scope });
}

function ofCall(facts: Facts, call: Call, seen: Seen, keys: readonly string[], steps: number): Held | null {
  const { values } = facts;
  const { callee } = call;
  const [first] = call.arguments;
  if (callee.kind === "attribute" && callee.name === "get" && first?.value.kind === "string")
    return follow(facts, { ...seen, node: callee.object }, [first.value.value, ...keys], steps + 1);
  const [made, another] = values.evaluate(callee, seen.frame, seen.scope);
  if (another) return null;
  if (made?.kind === "function") {
    const [returned, more] = made.info.returns;
    if (!returned || more) return null;
    const inner = values.frames.enter(made, { call, frame: seen.frame, scope: seen.scope });
    return follow(facts, { node: returned, frame: inner, scope: made.info.scope }, keys, steps + 1);
  }
  if (made?.kind !== "external" || !first) return null;
  const given = first.stars === 1 ? null : { ...seen, node: first.value };
  const name = `${made.name}()`;
  if (MERGES.test(name)) return ofMerge(facts, call, seen, keys, steps);
  if (given && PASSES.test(name)) return follow(facts, given, keys, steps + 1);
  const path = given && LOADS.test(name) ? pathOf(facts, given, 0) : null;
  return path === null ? null : { files: [{ path, within: 0 }], keys };
}

/** `OmegaConf.merge(base, OmegaConf.load("own.yaml"), OmegaConf.from_cli())`: the files at its end, but for the command line. */
function ofMerge(facts: Facts, call: Call, seen: Seen, keys: readonly string[], steps: number): Held | null {
  const files: Held["files"][number][] = [];
  for (const { stars, value } of [...call.arguments].reverse()) {
    if (stars !== 0) break;
    if (isCommandLine(facts.values.evaluate(value, seen.frame, seen.scope))) continue;
    const held = follow(facts, { ...seen, node: value }, keys, steps + 1);
    // What comes before one that can't be seen may be overridden by it.
    if (held?.keys.length !== keys.length) break;
    files.push(...held.files);
  }
  return files.length > 0 ? { files, keys } : null;
}

/** `"config.yaml"`, `open("config.yaml")`, what `with open("config.yaml") as f` names, `Path("config.yaml").read_text()`. */
function pathOf(facts: Facts, seen: Seen, steps: number): string | null {
  const { node, frame, scope } = seen;
  if (steps > MAX_STEPS) return null;
  if (node.kind === "string") return node.value;
  if (node.kind === "call") {
    const { callee } = node;
    const name = callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.name : "";
    if (callee.kind === "attribute" && /^(open|read|read_text)$/.test(name) && node.arguments.length === 0)
      return pathOf(facts, { ...seen, node: callee.object }, steps + 1);
    const [first] = node.arguments;
    return /^(open|Path|str)$/.test(name) && first ? pathOf(facts, { ...seen, node: first.value }, steps + 1) : null;
  }
  if (node.kind !== "name") return null;
  const [only, another] = scope.lookup(node.id)?.bindings ?? [];
  if (!only || another) return null;
  const within = facts.values.frames.for(only.scope, frame);
  if ((only.kind === "value" || only.kind === "context") && only.path.length === 0)
    return pathOf(facts, { node: only.value, frame: within, scope: only.scope }, steps + 1);
  if (only.kind !== "parameter" || !within.call) return null;
  const passed = facts.values.callers.argumentFor(only, within.call.call, within);
  const given = passed === "default" ? only.parameter.fallback : passed?.node;
  if (!given || !passed) return null;
  const place = passed === "default" ? within : passed;
  return pathOf(
    facts,
    { node: given, frame: passed === "default" ? within : (passed.frame ?? within.call.frame), scope: place.scope },
    steps + 1,
  );
}

/** `@hydra.main(config_path="conf", config_name="config")`: that file, and those of the groups that it may choose from. */
function ofHydra(facts: Facts, { node, scope }: FunctionInfo, keys: readonly string[]): Held | null {
  if (node.kind !== "function") return null;
  const around = scope.parent ?? scope;
  for (const decorator of node.decorators) {
    if (decorator.kind !== "call") continue;
    const named = facts.values.evaluate(decorator.callee, facts.values.frames.of(around), around);
    if (!named.some((value) => value.kind === "external" && HYDRA.test(value.name))) continue;
    const path = argumentOf(decorator, 0, "config_path")?.value;
    const name = argumentOf(decorator, 1, "config_name")?.value;
    if (name?.kind !== "string") return null;
    const folder = path?.kind === "string" ? `${path.value}/` : "";
    const main = `${folder}${name.value.replace(/\.ya?ml$/, "")}.yaml`;
    const group = chosenGroup(facts.importer?.file(main)?.text ?? "", keys[0] ?? "");
    // Unless the main file says `_self_` last, which its own keys then win by, it has no key that a group has, too.
    return {
      files: [
        { path: main, within: 0 },
        ...(group === null ? [] : [{ path: `${folder}${keys[0]}/${group}.yaml`, within: 1 }]),
      ],
      keys,
    };
  }
  return null;
}

/** `- optimizer: adam` among the defaults. */
const chosenGroup = (text: string, group: string): string | null =>
  /^\w+$/.test(group)
    ? (new RegExp(`^\\s*-\\s*(?:override\\s+)?${group}\\s*:\\s*([\\w-]+)\\s*$`, "m").exec(text)?.[1] ?? null)
    : null;

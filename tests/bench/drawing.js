// What a page takes to draw runs of many parts, and fields of many characters that aren't seen.

const { open, paint } = window.hostile;

const repeated = (count, make) => Array.from({ length: count }, (_, index) => make(index));

/** About so many characters of what is made of a number. */
function written(size, make) {
  const pieces = [];
  for (let index = 0, length = 0; length < size; length += pieces[index++].length) {
    pieces.push(make(index));
  }
  return pieces.join("");
}

const call = (index, more) => ({
  kind: "tool",
  name: `tool_${index}`,
  arguments: `{"id": ${index}}`,
  result: "[1]",
  status: "done",
  call_id: `c${index}`,
  ...more,
});
const request = (index, call) => ({
  kind: "approval",
  tool_name: `tool_${index}`,
  arguments: `{"id": ${index}, "table": "orders"}`,
  message: "May I?",
  decision: "pending",
  digest: `d${index}`,
  covers: "call",
  call,
});
const delegation = (index) => ({
  kind: "delegation",
  agent: `agent ${index}`,
  task: `the part ${index} of it`,
  child_id: `x${index}`,
  status: "done",
});
const gated = (count) => ({
  status: "waiting",
  parts: [
    ...repeated(count, (index) => call(index, { status: "waiting", result: null })),
    ...repeated(count, (index) => request(index, index)),
  ],
});
const block = (index) => ({
  id: `b${index}`,
  name: `block ${index}`,
  type: "code",
  status: "done",
  output: "[1]",
  text: "",
});

/** Runs by the number of their parts. */
const MANY = {
  "open requests": gated,
  "decided requests": (count) => {
    const { parts } = gated(count);
    const decided = parts.map((part) => ({ ...part, decision: "approved", status: "done" }));
    return { status: "running", parts: decided };
  },
  calls: (count) => ({ parts: repeated(count, (index) => call(index)) }),
  "calls of one tool": (count) => ({
    parts: repeated(count, (index) => call(index, { name: "search" })),
  }),
  delegations: (count) => ({ kind: "orchestration", parts: repeated(count, delegation) }),
  "agents at work": (count) => ({
    kind: "orchestration",
    parts: repeated(count, (index) => ({ ...delegation(index), status: "running" })),
  }),
  "delegations in a group": (count) => ({
    kind: "orchestration",
    parts: [
      {
        kind: "parallel",
        agents: repeated(count, (index) => `agent ${index}`),
        count,
        status: "running",
      },
      ...repeated(count, (index) => ({ ...delegation(index), within: 0 })),
    ],
  }),
  notices: (count) => ({
    parts: repeated(count, (index) => ({
      kind: "notice",
      code: "x",
      text: `notice ${index}`,
      count: 1,
    })),
  }),
  citations: (count) => ({
    status: "completed",
    parts: [{ kind: "text", text: written(10 * count, (index) => `word [${index}] `) }],
    citations: repeated(count, (index) => ({
      key: `${index}`,
      source: "a file",
      excerpt: "words of it",
    })),
  }),
  blocks: (count) => ({ kind: "workflow", graph: true, blocks: repeated(count, block) }),
  "steps of reasoning": (count) => ({
    parts: [],
    reasoning: {
      thoughts: repeated(count, (index) => ({
        step: index,
        text: `thought ${index}`,
        whole: true,
      })),
      seconds: 1,
      since: 1,
    },
  }),
  texts: (count) => ({
    parts: repeated(2 * count, (index) =>
      index % 2 ? call(index) : { kind: "text", text: `words ${index}` },
    ),
  }),
};

/** Texts by what is repeated in them. */
const MARKDOWN = {
  "hard breaks": (index) => `word ${index}  \n`,
  "breaks without letters": () => "\\\n",
  "code without letters": () => "`1` ",
  "breaks by a backslash": (index) => `word ${index}\\\n`,
  "mail addresses": (index) => `a${index}@example.org `,
  "web addresses": (index) => `https://example.org/${index} `,
  links: (index) => `[word](https://example.org/${index}) `,
  images: (index) => `![word](https://example.org/${index}) `,
  "code spans": (index) => `\`code ${index}\` `,
  emphasis: (index) => `*word* **${index}** `,
  "emphasis in words": (index) => `a*b${index}*c`,
  strikes: (index) => `~~word ${index}~~ `,
  tags: (index) => `<b>word ${index}</b> `,
  entities: () => "&amp;&lt;&#65; ",
  references: (index) => `[^${index}] [${index}] `,
  definitions: (index) => `[${index}]: https://example.org/${index}\n`,
  maths: (index) => `$x_{${index}}$ `,
  paragraphs: (index) => `word ${index}\n\n`,
  headings: (index) => `## word ${index}\n\n`,
  "list items": (index) => `- word ${index}\n`,
  "table cells": (index) => `${index ? "" : "| a | b |\n|---|---|\n"}| ${index} | word |\n`,
  "quoted lines": (index) => `> word ${index}\n`,
  rules: () => "---\n\n",
  escapes: () => "\\* \\_ ",
  "hidden characters": () => "\u001b[31m",
  "hidden characters in words": () => "wo\u200brd ",
  "line ends": (index) => `word ${index}\n`,
  "code lines": (index) => `${index ? "" : "```\n"}x = ${index}\n`,
  listings: (index) => "```\nx\n```\n",
  indented: (index) => `    x${index}\n`,
};

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

/** Paints until nothing changes; the longest and all of what that took, with the layout. */
async function drawn(opened, times) {
  let quiet = 0;
  while (quiet < 3) {
    const records = [];
    const observer = new MutationObserver((each) => records.push(...each));
    observer.observe(opened.el, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
    await timed(times, async () => {
      await paint();
      opened.el.getBoundingClientRect();
    });
    records.push(...observer.takeRecords());
    observer.disconnect();
    quiet = records.length === 0 ? quiet + 1 : 0;
    await wait(0);
  }
}

async function timed(times, job) {
  const begin = performance.now();
  const result = await job();
  times.push(performance.now() - begin);
  return result;
}

const sum = (times) => times.reduce((all, each) => all + each, 0);

/** What it takes to draw a run: ms of it all, and of the longest task. */
async function cost(run) {
  const times = [];
  const longest = [];
  const tasks = new PerformanceObserver((list) =>
    longest.push(...list.getEntries().map(({ duration }) => duration)),
  );
  tasks.observe({ type: "longtask" });
  const opened = await timed(times, () => open(run, { isWatched: false }));
  await drawn(opened, times);
  // What folds away is opened.
  for (const button of opened.el.querySelectorAll(
    ".pw-pill[aria-expanded=false], .pw-group .pw-row[aria-expanded=false]",
  )) {
    await timed(times, () => button.click());
  }
  await drawn(opened, times);
  await wait(50);
  tasks.disconnect();
  await timed(times, () => opened.close());
  return { ms: sum(times), longest: Math.max(0, ...longest) };
}

/** The same of a run whose parts come one by one, in so many batches. */
async function growing(run, batches = 50) {
  const times = [];
  const opened = await timed(times, () => open({ ...run, parts: [] }, { isWatched: false }));
  const parts = run.parts;
  const size = Math.ceil(parts.length / batches);
  for (let from = 0; from < parts.length; from += size) {
    const ops = parts
      .slice(from, from + size)
      .map((part, at) => ["set", ["parts", from + at], part]);
    await timed(times, async () => {
      opened.change(...ops);
      await paint();
      opened.el.getBoundingClientRect();
    });
  }
  await drawn(opened, times);
  await timed(times, () => opened.close());
  return { ms: sum(times) };
}

const answer = (name, size) => ({
  status: "completed",
  parts: [{ kind: "text", text: written(size, MARKDOWN[name]) }],
});

/** 200 kB of colours of a terminal, in each field that a server may fill. */
const FLOOD = "\u001b[31m".repeat(40_000);
const FIELDS = {
  "an answer": { parts: [{ kind: "text", text: FLOOD }] },
  "a notice": { parts: [{ kind: "notice", code: "x", text: FLOOD, count: 1 }] },
  "a tool's name": { parts: [call(0, { name: FLOOD })] },
  "a result": { parts: [call(0, { result: FLOOD, status: "failed", full: true })] },
  "an error": {
    status: "failed",
    error: { title: FLOOD, message: `${FLOOD} `, code: FLOOD, hint: FLOOD },
  },
  "a request": {
    status: "waiting",
    parts: [call(0, { status: "waiting" }), { ...request(0, 0), message: FLOOD, arguments: FLOOD }],
  },
};

window.drawing = {
  many: (name, count) => cost(MANY[name](count)),
  growing: (name, count) => growing(MANY[name](count)),
  markdown: (name, size) => cost(answer(name, size)),
  fields: Object.keys(FIELDS),
  field: (name) => cost(FIELDS[name]),
};

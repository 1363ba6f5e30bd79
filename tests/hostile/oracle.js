// What must not be on the page, however it came there.

const TAGS =
  "script,iframe,frame,object,embed,link,meta,base,.pw-body style,form,video,audio,source,picture,track," +
  "canvas,marquee,dialog,template,portal,textarea,select,applet,noscript,label:not(.pw-reason *)";
const ATTRIBUTES =
  /^(?:on.*|srcset|srcdoc|formaction|action|background|ping|poster|autofocus|popover.*|contenteditable|is|name|usemap|http-equiv|commandlinker.*|data-commandlinker.*)$/i;
const DECISION = /^[^\p{L}\p{N}]*(?:approve|deny)/iu;

/* Written out: what the widget thinks of as hidden must not be asked of it. */
const HIDDEN =
  "\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{13430}-\\u{1343f}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}\\ud800-\\udfff";
const HIDDEN_ONES = new RegExp(`[${HIDDEN}]`, "gu");
/* In an answer they stay where an emoji or a script needs them. */
const NEEDED =
  /(?<=\p{Emoji})\ufe0f|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d(?=\p{Extended_Pictographic})/gu;

const codeOf = (character) =>
  `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

const hiddenIn = (text) =>
  new Set(Array.from(text.matchAll(HIDDEN_ONES), ([each]) => codeOf(each)));

/** Watches everything that is ever added below an element. */
export function watch(root) {
  const found = new Set();
  const look = (element) => {
    if (element.matches(TAGS)) found.add(`an element ${element.localName}`);
    for (const { name, value } of element.attributes) {
      if (ATTRIBUTES.test(name)) found.add(`an attribute ${name} of ${element.localName}`);
      if (name === "style" && /url|image|position|fixed/i.test(value))
        found.add(`a style ${value}`);
    }
    if (
      element.localName === "img" &&
      !/^data:image\/(?:png|jpeg|gif|webp)[;,]/.test(element.src)
    ) {
      found.add(`an image of ${element.src}`);
    }
    if (element.hasAttribute("href")) lookAtLink(element);
  };
  const lookAtLink = (link) => {
    const { protocol, host, pathname } = new URL(link.getAttribute("href"), "about:blank");
    if (!/^(?:https?|mailto):$/.test(protocol)) found.add(`a link to ${link.getAttribute("href")}`);
    if (link.rel !== "noopener noreferrer nofollow" || link.target !== "_blank") {
      found.add("a link that takes the page along");
    }
    const end = (host || pathname).slice(-40);
    const around = `${link.textContent} ${link.nextElementSibling?.textContent ?? ""}`;
    if (!around.toLowerCase().includes(end.toLowerCase())) found.add(`a link that hides ${end}`);
  };
  const take = (records) => {
    for (const { target, addedNodes, type } of records) {
      if (type === "attributes") look(target);
      for (const node of addedNodes) {
        if (!(node instanceof Element) || !root.contains(node)) continue;
        look(node);
        for (const element of node.querySelectorAll("*")) look(element);
      }
    }
  };
  const observer = new MutationObserver(take);
  observer.observe(root, { subtree: true, childList: true, attributes: true });
  return {
    found() {
      take(observer.takeRecords());
      return [...found];
    },
    end: () => observer.disconnect(),
  };
}

/** The two buttons of the request, and nothing over them or like them. */
export function approvals(root) {
  const problems = [];
  const card = root.querySelector(".pw-ask");
  const [approve, deny] = ["approve", "deny"].map((name) => root.querySelectorAll(`.pw-${name}`));
  if (approve.length !== 1 || deny.length !== 1) return [`${approve.length} times Approve`];
  approve[0].scrollIntoView({ block: "center" });
  for (const button of [approve[0], deny[0]]) {
    const { x, y, width, height } = button.getBoundingClientRect();
    for (const at of [0.1, 0.5, 0.9]) {
      const hit = document.elementFromPoint(x + width * at, y + height / 2);
      if (hit !== button) problems.push(`${button.className} is covered by ${hit?.className}`);
    }
  }
  const { left, right, top, bottom } = card.getBoundingClientRect();
  for (let i = 1; i < 6; i++) {
    for (let j = 1; j < 6; j++) {
      const x = left + ((right - left) * i) / 6;
      const y = top + ((bottom - top) * j) / 6;
      const hit = document.elementFromPoint(x, y);
      if (y > 0 && y < innerHeight && !card.contains(hit)) {
        problems.push(`the request is covered by ${hit?.outerHTML.slice(0, 80)}`);
      }
    }
  }
  return problems;
}

/** What can be pressed and is named as a decision, outside the request. */
export function imitations(root) {
  const pressed = "button,[role=button],input,summary,[tabindex],area,[onclick]";
  return [...root.querySelectorAll(pressed)]
    .filter((each) => !each.closest(".pw-ask") && !/^(?:PRE|DIV)$/.test(each.tagName))
    .map((each) => each.getAttribute("aria-label") ?? each.textContent)
    .filter((name) => DECISION.test(name.normalize("NFKC").replace(HIDDEN_ONES, "")))
    .map((name) => `another button named ${name.slice(0, 60)}`);
}

/** Nothing of a message is outside it, and nothing in the widget leaves its place. */
export function strays(root) {
  const problems = [];
  const whole = root.getBoundingClientRect();
  for (const message of root.querySelectorAll(".pw-md")) {
    const style = getComputedStyle(message);
    if (!/paint/.test(style.contain)) problems.push("a text isn't contained");
    const box = message.getBoundingClientRect();
    if (box.left < whole.left - 1 || box.right > whole.right + 1) {
      problems.push("a text is wider than the widget");
    }
    // All of a page of a million elements would take a minute.
    for (const element of [...message.querySelectorAll("*")].slice(0, 3000)) {
      const { position, float, transform, zIndex } = getComputedStyle(element);
      if (position !== "static" || transform !== "none" || zIndex !== "auto" || float !== "none") {
        problems.push(`${element.localName} leaves its place`);
      }
      if (element.closest("pre,.pw-table")) continue; // these scroll
      const { left, right, top, bottom } = element.getBoundingClientRect();
      // a marker of a list stands to the left, a formula is a little taller than its line
      const isOutside =
        left < box.left - 20 ||
        right > box.right + 1 ||
        top < box.top - 8 ||
        bottom > box.bottom + 8;
      if (isOutside) {
        const place = [left - box.left, box.right - right, top - box.top, box.bottom - bottom];
        problems.push(`${element.localName}.${element.className} is outside its text by ${place}`);
      }
    }
  }
  return problems.slice(0, 5);
}

/** Every hidden character of the source has its mark, and none is in the page as it is. */
export function unmarked(root, source) {
  const problems = [];
  const isMarkdown = (node) => node.parentElement?.closest(".pw-md") != null;
  const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    const text = isMarkdown(node) ? node.data.replace(NEEDED, "") : node.data;
    for (const code of hiddenIn(text)) problems.push(`${code} is on the page as it is`);
    // they would reach over other lines, or be cut off
    if (/\p{M}{8}/u.test(text)) problems.push("a tower of combining marks");
  }
  const marks = [...root.querySelectorAll(".pw-hidden-char")].map((mark) => mark.textContent);
  const marked = new Set(marks.map((mark) => mark.split(" ")[0]));
  const wanted = isMarkdown({ parentElement: root.querySelector(".pw-text > *") })
    ? source.replace(NEEDED, "")
    : source;
  for (const code of hiddenIn(wanted)) if (!marked.has(code)) problems.push(`${code} has no mark`);
  return problems;
}

/** Whether anything of the page's own world was changed. */
export const pollution = () =>
  Object.keys(Object.prototype).map((key) => `Object.prototype.${key} was set`);

import { markdownCss } from "./markdown/style";

const base = `
.pw{
--pw-bg:var(--vscode-editor-background,var(--jp-layout-color1,#fff));
--pw-fg:var(--vscode-editor-foreground,var(--jp-content-font-color1,#1c2024));
--pw-ink:#0b1f3a;--pw-raise:color-mix(in srgb,var(--pw-ink) 3.5%,var(--pw-bg));--pw-line:color-mix(in srgb,var(--pw-ink) 13%,var(--pw-bg));
--pw-dim:#565d66;--pw-faint:#666d76;--pw-blue:#2160d8;--pw-green:#137a37;--pw-red:#bf2630;--pw-amber:#8f5208;
--pw-mono:var(--vscode-editor-font-family,var(--jp-code-font-family,ui-monospace,SFMono-Regular,Menlo,Consolas,monospace));
--pw-amber-bg:color-mix(in srgb,#e8930c 9%,var(--pw-bg));--pw-amber-line:color-mix(in srgb,#c67c0a 38%,var(--pw-bg));
--pw-red-bg:color-mix(in srgb,var(--pw-red) 5%,var(--pw-bg));--pw-red-line:color-mix(in srgb,var(--pw-red) 30%,var(--pw-bg));
display:block;box-sizing:border-box;min-width:min(100%,300px);max-width:860px;margin:2px 0;
font:14px/1.55 var(--vscode-font-family,var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",sans-serif));
color:var(--pw-fg);background:var(--pw-bg);border:1px solid var(--pw-line);border-radius:10px;
overflow:clip;isolation:isolate;container-type:inline-size;text-align:start;color-scheme:light}
.pw[data-pw-theme=dark]{
--pw-bg:var(--vscode-editor-background,var(--jp-layout-color1,#15181c));
--pw-fg:var(--vscode-editor-foreground,var(--jp-content-font-color1,#e6e8ea));
--pw-ink:#dbe6f5;--pw-raise:color-mix(in srgb,var(--pw-ink) 5%,var(--pw-bg));--pw-line:color-mix(in srgb,var(--pw-ink) 15%,var(--pw-bg));
--pw-dim:#b0b7bf;--pw-faint:#9ca4ac;--pw-blue:#84adff;--pw-green:#5fc98a;--pw-red:#ff8f92;--pw-amber:#f0b65a;
color-scheme:dark}
.pw *,.pw ::before,.pw ::after{box-sizing:border-box}
.pw p{margin:0}
.pw [hidden]{display:none!important}
.pw .pw-unseen{position:absolute;width:1px;height:1px;margin:-1px;padding:0;overflow:hidden;clip-path:inset(50%);white-space:nowrap;border:0}
.pw button{font:inherit;color:inherit;margin:0;cursor:pointer;text-align:start;letter-spacing:inherit}
.pw :focus-visible{outline:2px solid var(--pw-blue);outline-offset:2px}
.pw .pw-box:focus-visible,.pw .pw-row:focus-visible,.pw .pw-pre:focus-visible,.pw .pw-grid:focus-visible{outline-offset:-2px}
.pw ::selection{background:color-mix(in srgb,var(--pw-blue) 30%,transparent)}
`;

const header = `
.pw .pw-head{display:flex;flex-wrap:wrap;align-items:center;gap:2px 9px;min-height:44px;padding:7px 8px 7px 14px;border-bottom:1px solid var(--pw-line);font-size:13px}
.pw .pw-dot{width:8px;height:8px;border-radius:50%;flex:none;background:var(--pw-blue)}
.pw .pw-dot-completed{background:var(--pw-green)}
.pw .pw-dot-failed{background:var(--pw-red)}
.pw .pw-dot-waiting,.pw .pw-dot-reconnecting{background:var(--pw-amber)}
.pw .pw-dot-stopped,.pw .pw-dot-interrupted{background:none;border:2px solid var(--pw-faint)}
.pw .pw-dot-connecting,.pw .pw-dot-reconnecting{animation:pw-pulse 1.4s ease-in-out infinite}
.pw .pw-status{font-weight:600;white-space:nowrap}
.pw .pw-who{flex:1 1 0;min-width:6em;color:var(--pw-dim);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pw .pw-figures{display:flex;gap:11px;color:var(--pw-dim);white-space:nowrap;font-variant-numeric:tabular-nums;padding-right:6px}
.pw .pw-said{flex:1 0 100%;padding:2px 0 1px;color:var(--pw-dim)}
.pw .pw-button{border:1px solid var(--pw-line);background:var(--pw-bg);border-radius:7px;padding:2px 11px;min-height:28px;font-size:13px;line-height:1.5;white-space:nowrap}
.pw .pw-button:hover{background:var(--pw-raise)}
.pw .pw-button[aria-disabled=true]{color:var(--pw-faint);cursor:default;background:none}
.pw .pw-quiet{border:0;background:none;color:var(--pw-dim);font-size:12px;line-height:1.5;padding:3px 7px;border-radius:6px;min-height:24px;white-space:nowrap}
.pw .pw-quiet:hover{background:color-mix(in srgb,var(--pw-ink) 7%,transparent);color:var(--pw-fg)}
.pw .pw-warn{color:var(--pw-amber)}
`;

const body = `
.pw .pw-frame{position:relative}
.pw .pw-box{max-height:640px;overflow:auto;overflow-anchor:auto}
.pw .pw-box-whole{max-height:none}
.pw .pw-body{display:flow-root;padding:3px 14px 14px}
.pw .pw-body>*{margin-top:10px}
.pw .pw-call+.pw-call,.pw .pw-group+.pw-call{margin-top:6px}
.pw .pw-jump{position:absolute;left:50%;bottom:10px;transform:translateX(-50%);border-radius:99px;box-shadow:0 2px 8px rgb(0 0 0/.18)}
.pw .pw-foot{display:flex;gap:8px;padding:4px 8px;border-top:1px solid var(--pw-line)}
.pw .pw-foot:empty{display:none}
.pw .pw-whole{order:-1;margin-right:auto}
.pw .pw-foot>:only-child,.pw .pw-foot>.pw-quiet:not(.pw-whole){margin-left:auto}
.pw .pw-foot>.pw-whole:only-child{margin-left:0}
.pw .pw-question{color:var(--pw-dim);font-size:13px;overflow-wrap:anywhere}
.pw .pw-pill{display:flex;align-items:center;gap:4px;max-width:100%;border:0;background:none;padding:1px 6px 1px 0;border-radius:6px;min-height:24px;color:var(--pw-dim);font-size:13px}
.pw .pw-pill:hover{color:var(--pw-fg)}
.pw .pw-question-text{min-width:0;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.pw .pw-question-open{align-items:flex-start}
.pw .pw-question-open .pw-glyph{margin-top:3px}
.pw .pw-question-open .pw-question-text{white-space:pre-wrap;overflow-wrap:anywhere}
.pw .pw-thoughts{margin:4px 0 0 6px;padding-left:12px;border-left:2px solid var(--pw-line);color:var(--pw-dim);font-size:13px;display:grid;gap:8px}
.pw .pw-thoughts .pw-md{font-size:13px;color:inherit}
.pw .pw-hidden-char{padding:0 3px;border:1px solid var(--pw-amber);border-radius:3px;color:var(--pw-amber);font:10.5px/1.3 var(--pw-mono);unicode-bidi:isolate;direction:ltr;white-space:nowrap}
.pw .pw-live{animation:pw-pulse 1.6s ease-in-out infinite}
.pw .pw-notice,.pw .pw-note,.pw .pw-decided,.pw .pw-hint{font-size:13px;color:var(--pw-dim);overflow-wrap:anywhere}
.pw .pw-note.pw-warn{color:var(--pw-amber)}
.pw .pw-notice{padding-left:12px;border-left:2px solid var(--pw-line)}
.pw .pw-times{color:var(--pw-faint)}
.pw .pw-edited{display:inline-block;font-size:12px;font-weight:500;color:var(--pw-amber);background:var(--pw-amber-bg);border:1px solid var(--pw-amber-line);border-radius:99px;padding:1px 10px}
.pw .pw-error{border:1px solid var(--pw-red-line);background:var(--pw-red-bg);border-radius:8px;padding:10px 12px;display:grid;gap:7px;font-size:13px}
.pw .pw-error-title{font-weight:600;color:var(--pw-red);font-size:14px}
.pw .pw-error .pw-pre{background:none;border:0;padding:0;color:var(--pw-fg)}
.pw .pw-error-interrupted,.pw .pw-error-stopped{border-color:var(--pw-line);background:var(--pw-raise)}
.pw .pw-error-interrupted .pw-error-title,.pw .pw-error-stopped .pw-error-title{color:inherit}
.pw .pw-error code{font:12px var(--pw-mono)}
.pw .pw-sources{list-style:none;margin:4px 0 0;padding:0;display:grid;gap:6px;font-size:13px}
.pw .pw-sources li{display:grid;grid-template-columns:auto 1fr;gap:8px;min-width:0}
.pw .pw-source-key{color:var(--pw-faint);font-variant-numeric:tabular-nums}
.pw .pw-excerpt.pw-pre{font:inherit;background:none;border:0;padding:0;color:var(--pw-dim);max-height:none}
.pw .pw-working{display:flex;align-items:center;gap:8px;color:var(--pw-faint);font-size:13px}
.pw .pw-dots{display:inline-flex;gap:3px}
.pw .pw-dots i{width:4px;height:4px;border-radius:50%;background:currentcolor;animation:pw-pulse 1.2s ease-in-out infinite}
.pw .pw-dots i:nth-child(2){animation-delay:.2s}
.pw .pw-dots i:nth-child(3){animation-delay:.4s}
.pw .pw-writing .pw-text>p:last-child::after{content:"";display:inline-block;width:.45em;height:1em;margin-left:3px;vertical-align:-.12em;border-radius:1px;background:currentcolor;animation:pw-blink 1.1s steps(2) infinite}
`;

const cards = `
.pw .pw-card{border:1px solid var(--pw-line);border-radius:8px;background:var(--pw-raise);min-width:0;overflow:clip}
.pw .pw-member{margin-left:14px}
.pw .pw-row{display:flex;align-items:baseline;gap:9px;width:100%;padding:6px 11px 6px 10px;border:0;background:none;font-size:13px;line-height:20px;min-width:0;border-radius:7px}
.pw .pw-row>.pw-glyph{align-self:center}
.pw .pw-row:hover{background:color-mix(in srgb,var(--pw-ink) 3%,transparent)}
.pw .pw-glyph{width:14px;height:14px;flex:none;fill:none;stroke:currentcolor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.pw .pw-chevron{width:13px;height:13px;stroke-width:1.6}
.pw [aria-expanded=true]>.pw-chevron{transform:rotate(90deg)}
.pw .pw-spin{border:2px solid color-mix(in srgb,var(--pw-blue) 25%,transparent);border-top-color:var(--pw-blue);border-radius:50%;animation:pw-turn .9s linear infinite}
.pw .pw-is-done>.pw-row>.pw-glyph{color:var(--pw-green)}
.pw .pw-is-failed>.pw-row>.pw-glyph,.pw .pw-is-denied>.pw-row>.pw-glyph,.pw .pw-is-failed .pw-peek,.pw .pw-is-denied .pw-peek,.pw .pw-tally.pw-is-failed,.pw .pw-tally.pw-is-denied{color:var(--pw-red)}
.pw .pw-is-waiting>.pw-row>.pw-glyph,.pw .pw-is-waiting .pw-word,.pw .pw-tally.pw-is-waiting{color:var(--pw-amber)}
.pw .pw-is-interrupted>.pw-row>.pw-glyph{color:var(--pw-faint)}
.pw .pw-name{font:600 12.5px/20px var(--pw-mono);white-space:nowrap;flex:none;max-width:50%;overflow:hidden;text-overflow:ellipsis}
.pw :is(.pw-ask-title,.pw-decided) .pw-name{white-space:normal;overflow-wrap:anywhere}
.pw .pw-prefix{font-weight:400;color:var(--pw-faint)}
.pw .pw-chip{flex:1 1 0;min-width:0;font:12px/20px var(--pw-mono);color:var(--pw-dim);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.pw .pw-peek{display:flex;gap:7px;flex:0 1 auto;min-width:0;max-width:45%;color:var(--pw-dim);white-space:nowrap}
.pw .pw-glance{min-width:0;overflow:hidden;text-overflow:ellipsis}
.pw .pw-glance:empty{display:none}
.pw .pw-word{font-weight:600;flex:none}
.pw .pw-took{flex:none;color:var(--pw-faint);font-variant-numeric:tabular-nums;min-width:3.6em;text-align:end}
.pw .pw-took:empty{display:none}
.pw .pw-calls{color:var(--pw-dim);font-variant-numeric:tabular-nums}
.pw .pw-told{display:flex;flex-wrap:wrap;gap:0 10px;margin-left:auto}
.pw .pw-tally{color:var(--pw-dim)}
.pw .pw-open{border-top:1px solid var(--pw-line);padding:8px 11px 12px 33px;display:grid;gap:10px;font-size:13px;min-width:0}
.pw .pw-open>*,.pw .pw-field,.pw .pw-field>*{min-width:0}
.pw .pw-label{display:flex;align-items:center;justify-content:space-between;gap:8px;min-height:26px;font-size:12px;color:var(--pw-faint);font-weight:500}
.pw .pw-label .pw-quiet{margin-right:-7px;font-weight:400}
.pw .pw-pre{margin:0;font:12.5px/1.5 var(--pw-mono);background:var(--pw-bg);color:var(--pw-fg);border:1px solid var(--pw-line);border-radius:6px;padding:8px 10px;white-space:pre-wrap;overflow-wrap:anywhere;overflow:auto;max-height:420px;tab-size:4}
.pw .pw-bad{color:var(--pw-red)}
.pw .pw-more{margin:2px 0 0 -7px;color:var(--pw-blue)}
.pw .pw-rows{display:grid;grid-template-columns:fit-content(40%) minmax(0,1fr);gap:3px 14px;align-items:baseline;min-width:0}
.pw .pw-entry{display:contents}
.pw .pw-tall{grid-column:1/-1;min-width:0}
.pw .pw-key{font:12px/1.5 var(--pw-mono);color:var(--pw-dim);overflow-wrap:anywhere}
.pw .pw-value{font:12.5px/1.5 var(--pw-mono);white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
.pw .pw-value-number,.pw .pw-value-word{color:var(--pw-blue)}
.pw .pw-cut{color:var(--pw-faint)}
.pw .pw-grid{overflow:auto;max-height:420px;border:1px solid var(--pw-line);border-radius:6px;background:var(--pw-bg)}
.pw .pw-grid table{border-collapse:separate;border-spacing:0;min-width:100%;margin:0;font-size:13px;font-variant-numeric:tabular-nums;color:inherit;background:none;table-layout:auto}
.pw .pw-grid :is(th,td){text-align:start;vertical-align:top;padding:5px 12px 5px 10px;border:0;border-bottom:1px solid var(--pw-line);max-width:360px;background:none;white-space:normal}
.pw .pw-grid tbody tr{background:none}
.pw .pw-grid tbody tr:last-child td{border-bottom:0}
.pw .pw-grid th{position:sticky;top:0;background:var(--pw-raise);color:var(--pw-dim);font-weight:500;white-space:nowrap}
.pw .pw-grid .pw-num{text-align:end;white-space:nowrap}
.pw .pw-grid .pw-value{font:inherit;color:inherit;overflow-wrap:break-word}
.pw .pw-grid .pw-num .pw-value{white-space:nowrap}
.pw .pw-grid .pw-value-word{color:var(--pw-faint)}
.pw .pw-image{display:block;max-width:100%;max-height:420px;border:1px solid var(--pw-line);border-radius:6px;background:#fff}
.pw .pw-ask{border-color:var(--pw-amber-line);background:var(--pw-amber-bg);margin-top:6px}
.pw .pw-ask-head{padding:7px 11px;font-size:13px}
.pw .pw-ask-title{font-weight:600;color:var(--pw-amber)}
.pw .pw-ask .pw-open{padding-left:11px;border-color:var(--pw-amber-line)}
.pw .pw-ask :is(.pw-label,.pw-note,.pw-prefix){color:var(--pw-dim)}
.pw .pw-quote{color:var(--pw-dim);overflow-wrap:anywhere}
.pw .pw-decided{margin-top:5px;padding-left:11px}
`;

const edges = `
@container (max-width:480px){
.pw .pw-head{padding-left:11px}
.pw .pw-body{padding:2px 11px 11px}
.pw .pw-status{flex:1 1 0;white-space:normal}
.pw .pw-who{order:1;flex:1 0 100%;padding-left:17px}
.pw .pw-said{order:2;padding-left:17px}
.pw .pw-open{padding-left:11px}
.pw .pw-member{margin-left:8px}
.pw .pw-peek{max-width:none;flex:none}
.pw .pw-row{gap:7px}
.pw .pw-glance{display:none}
.pw .pw-row>.pw-name{flex:0 1 auto;min-width:3em;max-width:60%}
}
@keyframes pw-turn{to{transform:rotate(1turn)}}
@keyframes pw-pulse{50%{opacity:.45}}
@keyframes pw-blink{50%{opacity:0}}
@media (prefers-reduced-motion:reduce){.pw,.pw *,.pw ::before,.pw ::after{animation:none!important;transition:none!important}}
@media (forced-colors:active){.pw .pw-dot{forced-color-adjust:none}}
@media print{.pw .pw-box{max-height:none}}
`;

const CSS = (base + header + body + cards + markdownCss + edges).replaceAll("\n", "");

/**
 * Puts the style once into the document or shadow root around an element, however many widgets
 * stand there; returns what takes it out after the last of them. A view may be drawn before it
 * stands anywhere: then the document's head serves, and a shadow root is looked for a moment later.
 */
export function useStyle(el: HTMLElement): () => void {
  const drops = [addTo(el)];
  if (!el.isConnected) {
    queueMicrotask(() => {
      if (el.isConnected && el.getRootNode() instanceof ShadowRoot) drops.push(addTo(el));
    });
  }
  return () => {
    for (const drop of drops.splice(0)) drop();
  };
}

function addTo(el: HTMLElement): () => void {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : el.ownerDocument.head;
  // Kernels of one page may carry different versions of this module: each has its own style.
  const id = `powawidget-${fingerprint(CSS)}`;
  const known = [...home.children].find((child) => child.id === id);
  const style = (known ?? document.createElement("style")) as HTMLStyleElement;
  if (known === undefined) {
    style.id = id;
    style.textContent = CSS;
    home.append(style);
  }
  style.dataset.uses = String(Number(style.dataset.uses ?? 0) + 1);
  return () => {
    style.dataset.uses = String(Number(style.dataset.uses) - 1);
    if (style.dataset.uses === "0") style.remove();
  };
}

function fingerprint(text: string): string {
  let hash = 0;
  for (let index = 0; index < text.length; index++) {
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  }
  return (hash >>> 0).toString(36);
}

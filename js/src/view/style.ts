// The style of the core.
import { approvalCss } from "../approval/style";
import { markdownCss } from "../markdown/style";

// js/build.mjs minifies every template of a file named style.ts.
const looks = `
.pw{
  --pw-ink:#0b1f3a;--pw-raised:3.5%;--pw-lined:13%;--pw-paper:#fff;--pw-print:#1c2024;
  --pw-dim:#565d66;--pw-faint:#636a73;--pw-blue:#2160d8;--pw-green:#137a37;--pw-red:#bf2630;--pw-amber:#8f5208;
  color-scheme:light;
  &[data-pw-theme=dark]{
    --pw-ink:#dbe6f5;--pw-raised:5%;--pw-lined:15%;--pw-paper:#15181c;--pw-print:#e6e8ea;
    --pw-dim:#b0b7bf;--pw-faint:#9ca4ac;--pw-blue:#84adff;--pw-green:#5fc98a;--pw-red:#ff8f92;--pw-amber:#f0b65a;
    color-scheme:dark;
  }
  --pw-bg:var(--vscode-editor-background,var(--jp-layout-color1,var(--pw-paper)));
  --pw-fg:var(--vscode-editor-foreground,var(--jp-content-font-color1,var(--pw-print)));
  --pw-raise:color-mix(in srgb,var(--pw-ink) var(--pw-raised),var(--pw-bg));
  --pw-line:color-mix(in srgb,var(--pw-ink) var(--pw-lined),var(--pw-bg));
  --pw-rule:1px solid var(--pw-line);
  --pw-hover:color-mix(in srgb,var(--pw-ink) 5%,transparent);
  --pw-mono:var(--vscode-editor-font-family,var(--jp-code-font-family,ui-monospace,SFMono-Regular,Menlo,Consolas,monospace));
  --pw-amber-bg:color-mix(in srgb,#e8930c 9%,var(--pw-bg));
  --pw-amber-line:color-mix(in srgb,#c67c0a 38%,var(--pw-bg));
  --pw-red-line:color-mix(in srgb,var(--pw-red) 30%,var(--pw-bg));
  display:block;min-width:min(100%,300px);max-width:860px;margin:2px 0;
  font:13px/1.55 var(--vscode-font-family,var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",sans-serif));
  color:var(--pw-fg);background:var(--pw-bg);border:var(--pw-rule);border-radius:10px;
  overflow:clip;isolation:isolate;container-type:inline-size;text-align:start;
  &,*,::before,::after{box-sizing:border-box}
  p{margin:0}
  [hidden]{display:none!important}
  button{font:inherit;color:inherit;margin:0;cursor:pointer;text-align:start;letter-spacing:inherit}
  :focus-visible{outline:2px solid var(--pw-blue);outline-offset:2px}
  :is(.pw-box,.pw-row,.pw-pre):focus-visible{outline-offset:-2px}
  .pw-unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}

  .pw-head,.pw-figures,.pw-foot,.pw-pill,.pw-working,.pw-row,.pw-peek,.pw-sums,.pw-label{display:flex}
  .pw-head,.pw-pill,.pw-working,.pw-label{align-items:center}
  .pw-who,.pw-question-text,.pw-name,.pw-chip,.pw-glance{min-width:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
  .pw-who,.pw-figures,.pw-said,.pw-quiet,.pw-question,.pw-pill,.pw-thoughts,.pw-notice,.pw-note,.pw-decided,.pw-chip,.pw-peek,.pw-calls,.pw-tally,.pw-key{color:var(--pw-dim)}
  .pw-times,.pw-source-key,.pw-working,.pw-prefix,.pw-took,.pw-label,.pw-cut{color:var(--pw-faint)}
  .pw-figures,.pw-source-key,.pw-took,.pw-calls{font-variant-numeric:tabular-nums}
  .pw-quiet,.pw-pill,.pw-row{border:0;background:none}
  .pw-warn{color:var(--pw-amber)}

  .pw-head{flex-wrap:wrap;gap:2px 9px;min-height:44px;padding-block:7px;padding-inline:14px 8px;border-bottom:var(--pw-rule)}
  .pw-dot{width:8px;height:8px;border-radius:50%;flex:none;background:var(--pw-blue)}
  .pw-dot-completed{background:var(--pw-green)}
  .pw-dot-failed{background:var(--pw-red)}
  .pw-dot-waiting,.pw-dot-reconnecting,.pw-dot-flawed{background:var(--pw-amber)}
  .pw-dot-stopped,.pw-dot-interrupted{background:none;border:2px solid var(--pw-faint)}
  .pw-dot-connecting,.pw-dot-reconnecting,.pw-live,.pw-dots i{animation:pw-pulse 1.4s ease-in-out infinite}
  .pw-status{font-weight:600;white-space:nowrap}
  .pw-who{flex:1 1 0;min-width:6em}
  .pw-figures{gap:11px;white-space:nowrap;padding-inline-end:6px}
  .pw-said{flex:1 0 100%;padding:2px 0 1px}
  .pw-button{border:var(--pw-rule);background:var(--pw-bg);border-radius:7px;padding:2px 11px;min-height:28px;line-height:1.5;white-space:nowrap;
    &:hover{background:var(--pw-raise)}
    &[aria-disabled=true]{color:var(--pw-faint);cursor:default;background:none}
  }
  .pw-quiet{font-size:12px;line-height:1.5;padding:3px 7px;border-radius:6px;min-height:24px;white-space:nowrap;
    &:hover{background:var(--pw-hover);color:var(--pw-fg)}
  }

  .pw-frame{position:relative}
  .pw-box{max-height:640px;overflow:auto}
  .pw-box-whole{max-height:none}
  .pw-body{display:flow-root;padding:3px 14px 14px;overflow-wrap:anywhere;
  }
  :is(.pw-body,.pw-kids,.pw-turn)>*{margin-top:10px}
  .pw-turn+.pw-turn{margin-top:24px}
  :is(.pw-call,.pw-group)+.pw-call{margin-top:6px}
  .pw-jump{position:absolute;left:50%;bottom:10px;transform:translateX(-50%);border-radius:99px;box-shadow:0 2px 8px #0003}
  .pw-foot{flex-wrap:wrap;align-items:center;gap:0 8px;padding:4px 8px;border-top:var(--pw-rule);
    .pw-note{padding:0 7px;font-size:12px;white-space:nowrap}
    &:empty{display:none}
    .pw-quiet{margin-inline-start:auto}
    .pw-whole{order:-1;margin-block:0;margin-inline:0 auto}
  }
  .pw-pill{gap:4px;max-width:100%;padding-block:1px;padding-inline:0 6px;border-radius:6px;min-height:24px;
    &:hover{color:var(--pw-fg)}
  }
  .pw-question-open{align-items:flex-start;
    .pw-glyph{margin-top:3px}
    .pw-question-text{white-space:pre-wrap}
  }
  .pw-thoughts,.pw-notice{padding-inline-start:12px;border-inline-start:2px solid var(--pw-line)}
  .pw-thoughts{margin-block:4px 0;margin-inline:6px 0;display:grid;gap:8px;
    .pw-md{font-size:inherit;color:inherit}
  }
  .pw-hidden-char{padding:0 3px;border:1px solid;border-radius:3px;color:var(--pw-amber);font:10.5px/1.3 var(--pw-mono);unicode-bidi:isolate;direction:ltr;white-space:nowrap}
  .pw-edited{width:max-content;font-size:12px;font-weight:500;color:var(--pw-amber);background:var(--pw-amber-bg);border:1px solid var(--pw-amber-line);border-radius:99px;padding:1px 10px}
  .pw-error{border:1px solid var(--pw-red-line);background:color-mix(in srgb,var(--pw-red) 5%,var(--pw-bg));border-radius:8px;padding:10px 12px;display:grid;gap:7px;
    code{font:12px var(--pw-mono)}
  }
  .pw-error-title{font-weight:600;color:var(--pw-red);font-size:14px}
  .pw-error-interrupted,.pw-error-stopped{border:var(--pw-rule);background:var(--pw-raise);
    .pw-error-title{color:inherit}
  }
  .pw-sources{list-style:none;margin:4px 0 0;padding:0;display:grid;gap:6px;
    li{display:grid;grid-template-columns:auto 1fr;gap:8px;min-width:0}
  }
  .pw-working{gap:8px}
  .pw-dots{display:inline-flex;gap:3px;
    i{width:4px;height:4px;border-radius:50%;background:currentcolor}
    :nth-child(2){animation-delay:.2s}
    :nth-child(3){animation-delay:.4s}
  }
  .pw-writing .pw-text>p:last-child::after{content:"";display:inline-block;width:.45em;height:1em;margin-inline-start:3px;vertical-align:-.12em;border-radius:1px;background:currentcolor;animation:pw-blink 1.1s steps(2) infinite}

  .pw-card,.pw-pre,.pw-image{border:var(--pw-rule);border-radius:6px;background:var(--pw-bg)}
  .pw-card{border-radius:8px;background:var(--pw-raise);min-width:0;overflow:clip}
  .pw-member{margin-inline-start:14px}
  .pw-agent>.pw-row{width:calc(100% + 20px);margin:0 -10px;padding:3px 10px}
  .pw-agent+.pw-agent{margin-top:4px}
  .pw-kids{margin-block:2px 10px;margin-inline:6px 0;padding-inline-start:14px;border-inline-start:2px solid var(--pw-line);
    &:empty{display:none}
    &>:first-child{margin-top:4px}
  }
  .pw-row{align-items:baseline;gap:9px;width:100%;padding-block:6px;padding-inline:10px 11px;line-height:20px;border-radius:7px;
    &:hover{background:var(--pw-hover)}
    &>.pw-glyph{align-self:center}
  }
  .pw-glyph{width:14px;height:14px;flex:none;fill:none;stroke:currentcolor;stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
  .pw-chevron{width:13px;height:13px;stroke-width:1.6}
  [aria-expanded=true]>.pw-chevron{transform:rotate(90deg)}
  .pw-spin{border:2px solid var(--pw-line);border-top-color:var(--pw-blue);border-radius:50%;animation:pw-turn .9s linear infinite}
  .pw-is-done>.pw-row>.pw-glyph{color:var(--pw-green)}
  .pw-is-failed,.pw-is-denied{&.pw-tally,&>.pw-row>:is(.pw-peek,.pw-glyph,.pw-word){color:var(--pw-red)}}
  .pw-is-waiting{&.pw-tally,&>.pw-row :is(.pw-word,.pw-glyph){color:var(--pw-amber)}}
  .pw-is-interrupted>.pw-row>.pw-glyph{color:var(--pw-faint)}
  .pw-name{font:600 12.5px/20px var(--pw-mono);flex:none;max-width:50%}
  :is(.pw-ask-title,.pw-decided) .pw-name{white-space:normal}
  .pw-prefix{font-weight:400}
  .pw-chip{flex:1 1 0;font:12px/20px var(--pw-mono)}
  .pw-peek{gap:7px;min-width:0;max-width:45%}
  .pw-glance:empty,.pw-took:empty{display:none}
  .pw-word{font-weight:600;flex:none}
  .pw-took{flex:none;min-width:3.6em;text-align:end}
  .pw-sums{flex-wrap:wrap;gap:0 10px;margin-inline-start:auto}
  .pw-open{border-top:var(--pw-rule);padding-block:8px 12px;padding-inline:33px 11px;display:grid;gap:10px}
  .pw-open>*,.pw-field>*{min-width:0}
  .pw-label{justify-content:space-between;gap:8px;min-height:26px;font-size:12px;font-weight:500;
    .pw-quiet{margin-inline-end:-7px;font-weight:400}
  }
  .pw-pre,.pw-value{white-space:pre-wrap;font:12.5px/1.5 var(--pw-mono)}
  .pw-pre{margin:0;color:var(--pw-fg);padding:8px 10px;overflow-wrap:anywhere;word-break:normal;overflow:auto;max-height:420px;tab-size:4}
  .pw-error .pw-pre,.pw-excerpt{background:none;border:0;padding:0}
  .pw-excerpt{font:inherit;color:var(--pw-dim);max-height:none}
  .pw-bad{color:var(--pw-red)}
  .pw-more{margin-block:2px 0;margin-inline:-7px 0;color:var(--pw-blue)}
  .pw-rows{display:grid;grid-template-columns:fit-content(40%) minmax(0,1fr);gap:3px 14px;align-items:baseline}
  .pw-entry{display:contents}
  .pw-tall{grid-column:1/-1;min-width:0}
  .pw-key{font:12px/1.5 var(--pw-mono)}
  .pw-value{unicode-bidi:isolate}
  .pw-value-number,.pw-value-word{color:var(--pw-blue)}
  .pw-image{display:block;max-width:100%;max-height:420px;background:#fff}
}
`;

const edges = `
.pw{
  @container (max-width:480px){
    .pw-head{padding-inline-start:11px}
    .pw-body{padding:2px 11px 11px}
    .pw-status{flex:1 1 6em;white-space:normal}
    .pw-who,.pw-said{order:1;flex:1 0 100%;padding-inline-start:17px}
    .pw-figures{margin-inline-start:auto}
    .pw-open{padding-inline-start:11px}
    .pw-member{margin-inline-start:8px}
    .pw-peek{max-width:none;flex:none}
    .pw-row{gap:7px}
    .pw-glance{display:none}
    .pw-row>.pw-name{flex:0 1 auto;min-width:3em;max-width:60%}
  }
  @container (max-width:310px){.pw-figures{order:1;margin:0;padding-inline-start:17px}}
  @media (prefers-reduced-motion:reduce){&,*,::before,::after{animation:none!important;transition:none!important}}
  @media (forced-colors:active){.pw-dot{forced-color-adjust:none}}
  @media print{.pw-box{max-height:none}}
}
@keyframes pw-turn{to{transform:rotate(1turn)}}
@keyframes pw-pulse{50%{opacity:.45}}
@keyframes pw-blink{50%{opacity:0}}
`;

const CSS = looks + approvalCss + markdownCss + edges;

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
  const id = "powawidget-style";
  const known = [...home.children].find((each) => each.id === id && each.textContent === CSS);
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

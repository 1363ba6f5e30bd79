/** The look of markdown text; the colours are the widget's. */
export const markdownCss = `
.pw-md{font:14px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;color:var(--pw-fg);overflow-wrap:anywhere;isolation:isolate;contain:layout paint}
.pw-md>:first-child{margin-top:0}
.pw-md>:last-child,.pw-md>.pw-part:last-child>:last-child{margin-bottom:0}
.pw-md p,.pw-md ul,.pw-md ol,.pw-md blockquote,.pw-md .pw-code,.pw-md .pw-table,.pw-md .pw-html{margin:0 0 9px;padding:0}
.pw-md h1,.pw-md h2,.pw-md h3,.pw-md h4,.pw-md h5,.pw-md h6{margin:16px 0 6px;padding:0;font-size:14px;line-height:1.35;font-weight:650;color:var(--pw-fg);border:0}
.pw-md h1{font-size:18px}
.pw-md h2{font-size:16.5px}
.pw-md h3{font-size:15px}
.pw-md h5,.pw-md h6{color:var(--pw-dim)}
.pw-md ul,.pw-md ol{padding-inline-start:22px}
.pw-md ul{list-style:disc}
.pw-md ul ul{list-style:circle}
.pw-md ol{list-style:decimal}
.pw-md li{margin:2px 0;padding:0}
.pw-md li::marker{color:var(--pw-dim);font-variant-numeric:tabular-nums}
.pw-md li>p,.pw-md li>ul,.pw-md li>ol{margin:0}
.pw-md .pw-loose>li>*,.pw-md .pw-loose>.pw-part>li>*{margin-bottom:6px}
.pw-md .pw-task-item{list-style:none}
.pw-md .pw-task{display:inline-block;width:18px;margin-inline-start:-18px;color:var(--pw-dim)}
.pw-md .pw-task-done{color:var(--pw-green)}
.pw-md blockquote{padding-inline-start:12px;border-inline-start:2px solid var(--pw-line);color:var(--pw-dim)}
.pw-md blockquote>:last-child{margin-bottom:0}
.pw-md hr{height:1px;margin:14px 0;border:0;background:var(--pw-line)}
.pw-md a{color:var(--pw-blue);text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:2px;text-decoration-color:color-mix(in srgb,currentColor 40%,transparent)}
.pw-md a:hover{text-decoration-color:currentColor}
.pw-md .pw-link-host{color:var(--pw-dim);font-size:12px}
.pw-md del{color:var(--pw-dim)}
.pw-md code{padding:1px 4px;border:0;border-radius:4px;background:var(--pw-raise);color:inherit;font:12.5px/1.5 var(--pw-mono)}
.pw-md .pw-code{border:1px solid var(--pw-line);border-radius:6px;background:var(--pw-bg);overflow:hidden}
.pw-md .pw-code-head{display:flex;align-items:center;justify-content:space-between;height:26px;padding-inline:10px 4px;background:var(--pw-raise);border-bottom:1px solid var(--pw-line);color:var(--pw-dim);font-size:12px}
.pw-md .pw-code-lang{font-family:var(--pw-mono)}
.pw-md pre{margin:0;padding:8px 10px;overflow-x:auto;background:none;border:0;tab-size:4}
.pw-md pre code{display:block;width:max-content;min-width:100%;padding:0;background:none;white-space:pre;overflow-wrap:normal}
.pw-md .pw-code-part{display:block}
.pw-md .pw-html{white-space:pre-wrap;color:var(--pw-dim);font:12.5px/1.5 var(--pw-mono)}
.pw-md .pw-table{overflow-x:auto}
.pw-md table{width:auto;min-width:50%;margin:0;border-collapse:collapse;border:0;font-size:13px;font-variant-numeric:tabular-nums}
.pw-md .pw-fixed{table-layout:fixed;min-width:0}
.pw-md .pw-fixed td{overflow-wrap:anywhere}
.pw-md tr{background:none}
.pw-md th,.pw-md td{padding:5px 20px 5px 0;border:0;border-bottom:1px solid var(--pw-line);text-align:start;vertical-align:top;background:none;overflow-wrap:normal;max-width:420px}
.pw-md th{color:var(--pw-dim);font-weight:500}
.pw-md .pw-right{text-align:right}
.pw-md .pw-center{text-align:center}
.pw-md .pw-left{text-align:left}
.pw-md .pw-left-out{color:var(--pw-dim);font-size:12px}
.pw-md .pw-hidden-char{padding:0 3px;border:1px solid var(--pw-amber);border-radius:3px;color:var(--pw-amber);font:10.5px/1.3 var(--pw-mono);unicode-bidi:isolate;direction:ltr;white-space:nowrap}
.pw-md .pw-img-chip{display:inline-flex;flex-wrap:wrap;align-items:center;gap:6px;max-width:100%;padding:1px 6px;border:1px solid var(--pw-line);border-radius:6px;background:var(--pw-raise)}
.pw-md .pw-img-chip img{display:block;max-width:100%;height:auto;flex-basis:100%}
.pw-md button{margin:0;padding:1px 7px;border:1px solid transparent;border-radius:4px;background:none;color:var(--pw-dim);font:12px/1.5 system-ui,sans-serif;cursor:pointer}
.pw-md button:hover{color:var(--pw-fg);border-color:var(--pw-line)}
.pw-md :focus-visible{outline:2px solid var(--pw-blue);outline-offset:1px}
`;

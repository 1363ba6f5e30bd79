// Runs before anything else in every frame of the page: whatever a hostile text gets to run leaves
// its name in `ran` of the top window.
(() => {
  if (window === top) top.ran = [];
  const { ran } = top;
  const trap = (name) => (what) => void ran.push(`${name}(${what})`);
  for (const name of ["alert", "ALERT", "confirm", "prompt", "print", "open"]) {
    window[name] = trap(name);
  }
  const { fetch } = window;
  window.fetch = (url, ...given) => {
    // the page's own, from its own address
    if (!/^\/(?!leak)/.test(url)) trap("fetch")(url);
    return fetch(url, ...given);
  };
  navigator.sendBeacon = trap("sendBeacon");
  window.WebSocket = function WebSocket(url) {
    trap("WebSocket")(url);
  };
  HTMLFormElement.prototype.submit = trap("submit");
  addEventListener("submit", trap("submitted"), true);
})();

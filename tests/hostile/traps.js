// Runs before anything else in every frame of the page: whatever a hostile text gets to run leaves
// its name in `ran` of the top window.
(() => {
  if (window === top) {
    top.ran = [];
    top.framesThatRan = new Set();
  }
  const { ran, framesThatRan } = top;
  // The frame of the page itself in which this one stands, at whatever depth.
  let outermost = window;
  while (outermost !== top && outermost.parent !== top) outermost = outermost.parent;
  const trap = (name) => (what) => {
    ran.push(`${name}(${what})`);
    framesThatRan.add(outermost.frameElement);
  };
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

// Only of a server on the machine of the one who writes: the page loads again when a file of the catalogue changed.
"use strict";

{
  const { since } = document.currentScript.dataset;
  const address = new URL(`../changes?since=${since}`, document.currentScript.src);
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  // A page that nobody sees does not ask: a browser has few connections to one address.
  const seen = () => document.visibilityState === "visible";

  const follow = async () => {
    while (seen()) {
      const leave = new AbortController();
      const hidden = () => seen() || leave.abort();
      document.addEventListener("visibilitychange", hidden);
      try {
        const answer = await fetch(address, { signal: leave.signal });
        if (answer.status === 200) return location.reload();
        if (!answer.ok) await wait(2000);
      } catch {
        await wait(2000);  // the server has ended, or begins again
      } finally {
        document.removeEventListener("visibilitychange", hidden);
      }
    }
    document.addEventListener("visibilitychange", follow, { once: true });
  };
  follow();
}

// The worker of the playground. It runs the gate, so that the page can go on. The page ends it to
// cancel a question.
// digest returns the SHA-256 of bytes, or "" where the browser does not offer it: on a page that came
// neither by HTTPS nor from the same machine. The processor's instructions for it are not open to
// WebAssembly, which takes several times as long.
async function digest(bytes) {
  if (!self.crypto || !self.crypto.subtle) return "";
  const b = new Uint8Array(await self.crypto.subtle.digest("SHA-256", bytes));
  return Array.from(b, (c) => c.toString(16).padStart(2, "0")).join("");
}

const handle = async (data) => {
  try {
    if (data.module) {
      const go = new Go();
      go.run(await WebAssembly.instantiate(data.module, go.importObject));
      self.postMessage({ fleets: self.cfcheckFleets.split("\n") });
      return;
    }
    // The content is a Blob, so its bytes are never in the memory of the page's own thread.
    const start = performance.now();
    const bytes = new Uint8Array(await data.content.arrayBuffer()), fleetJSON = new Uint8Array(await data.fleetJSON.arrayBuffer());
    const question = { ...data, bytes, fleetJSON, sha256: await digest(bytes) };
    const answer = self.cfcheckJudge(question, (step, done, all) => self.postMessage({ step, done, all }));
    answer.time = performance.now() - start;
    self.postMessage({ answer }, (answer.files || []).map((b) => b.buffer));
  } catch (e) {
    // The program has ended, so the page must start another one.
    self.postMessage({ answer: { error: "The gate stopped: " + e.message }, ended: true });
  }
};

// A message waits for the one before it: the first one starts the gate.
let last = Promise.resolve();
self.onmessage = ({ data }) => { last = last.then(() => handle(data)); };

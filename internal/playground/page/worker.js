// The worker of the playground. It runs the gate, so that the page can go on. The page ends it to
// cancel a question.
const handle = async (data) => {
  try {
    if (data.module) {
      const go = new Go();
      go.run(await WebAssembly.instantiate(data.module, go.importObject));
      self.postMessage({ fleets: self.cfcheckFleets.split("\n") });
      return;
    }
    // The content is a Blob, so its bytes are never in the memory of the page's own thread.
    const question = { ...data, bytes: new Uint8Array(await data.content.arrayBuffer()), fleetJSON: new Uint8Array(await data.fleetJSON.arrayBuffer()) };
    const start = performance.now();
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

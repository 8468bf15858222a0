// The start of a page that holds its files.
(async () => {
  const root = document.getElementById("view");
  try {
    const models = [];
    for (const e of document.querySelectorAll("script[data-document]")) {
      const doc = JSON.parse(e.textContent);
      models.push(new Model(doc, await unpack(JSON.parse(document.getElementById(e.dataset.document).textContent))));
    }
    window.cfcheckPage = new Page(root, models);
    document.body.dataset.ready = "true";
  } catch (error) {
    root.textContent = "The page cannot show the file: " + error.message;
    throw error;
  }
})();

// Search runs in a worker, and browsers refuse workers to pages that are opened as files. There, and there alone, the
// worker's script runs in a hidden frame, so that the site can be searched without a server.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<!doctype html><title>search</title>";
      this.ready = new Promise((resolve) => {
        this.frame.onload = () => {
          const inside = this.frame.contentWindow;
          inside.postMessage = (given) => {
            const data = structuredClone(given); // as between a page and a worker: neither sees the other's changes
            setTimeout(() => this.onmessage?.({ data }));
          };
          const script = inside.document.createElement("script");
          script.src = url;
          script.onload = () => resolve(inside);
          script.onerror = (error) => this.onerror?.(error);
          inside.document.head.append(script);
        };
      });
      document.body.append(this.frame);
    }

    postMessage(given) {
      const data = structuredClone(given);
      this.ready.then((inside) => inside.onmessage({ data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}

// JupyterLite's extension: one kernel, python3, that runs in a worker of the page. Written
// by hand in the form that the application loads, so that nothing has to be compiled.
(() => {
  const NAME = "metaad-browser-kernel";
  const home = document.currentScript.src;
  let scope = null;

  async function shared(name) {
    const versions = Object.values(scope[name] || {});
    if (!versions.length) throw new Error(`${NAME}: the application has no ${name}`);
    const loaded = versions.find((version) => version.loaded) || versions[0];
    return (await loaded.get())();
  }

  function kernelOf(BaseKernel) {
    return class extends BaseKernel {
      constructor(options) {
        super(options);
        this.waiting = new Map();
        this.next = 1;
        this.worker = new Worker(new URL("worker.js", home), { type: "module" });
        this.begun = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
        this.begun.catch(() => undefined);
        this.worker.onmessage = (event) => this.hear(event.data);
        this.worker.onerror = (event) => this.fail(event.message);
      }

      get ready() { return this.begun; }

      dispose() {
        if (this.isDisposed) return;
        this.worker.terminate();
        super.dispose();
      }

      fail(message) {
        const reason = `The browser's Python stopped: ${message}. Restart the kernel.`;
        this.reject(new Error(reason));
        for (const answer of this.waiting.values()) {
          this.publishExecuteError({ ename: "Stopped", evalue: reason, traceback: [reason] });
          answer({ status: "error", ename: "Stopped", evalue: reason, traceback: [reason],
            execution_count: this.executionCount });
        }
        this.waiting.clear();
      }

      hear({ type, id, content, metadata, buffers }) {
        const parent = this.asking;
        if (type === "ready") this.resolve();
        else if (type === "broken") this.fail(content);
        else if (type === "reply") {
          const answer = this.waiting.get(id);
          this.waiting.delete(id);
          if (answer) answer(content);
        } else if (type === "stream") this.stream(content, parent);
        else if (type === "display_data") this.displayData(content, parent);
        else if (type === "update_display_data") this.updateDisplayData(content, parent);
        else if (type === "clear_output") this.clearOutput(content, parent);
        else if (type === "execute_result") this.publishExecuteResult(content, parent);
        else if (type === "error") this.publishExecuteError(content, parent);
        else if (type.startsWith("comm_")) {
          this.handleComm(type, content, metadata, buffers || [], parent);
        }
      }

      async ask(type, content, more = {}) {
        await this.begun;
        const id = this.next;
        this.next += 1;
        this.asking = this.parent && this.parent.header;
        return new Promise((resolve) => {
          this.waiting.set(id, resolve);
          this.worker.postMessage({ type, id, content, ...more });
        });
      }

      async kernelInfoRequest() {
        return {
          implementation: NAME,
          implementation_version: "1",
          protocol_version: "5.3",
          status: "ok",
          banner: "Python in this browser",
          help_links: [],
          language_info: {
            name: "python", version: "3", mimetype: "text/x-python", file_extension: ".py",
            codemirror_mode: { name: "python", version: 3 }, pygments_lexer: "ipython3",
            nbconvert_exporter: "python",
          },
        };
      }

      executeRequest(content) {
        return this.ask("execute", { ...content, execution_count: this.executionCount });
      }

      completeRequest(content) { return this.ask("complete", content); }
      inspectRequest(content) { return this.ask("inspect", content); }
      isCompleteRequest(content) { return this.ask("is_complete", content); }
      commInfoRequest(content) { return this.ask("comm_info", content); }
      inputReply() { return undefined; }

      async comm(type, message) {
        await this.ask(type, message.content, { metadata: message.metadata || {} });
      }

      commOpen(message) { return this.comm("comm_open", message); }
      commMsg(message) { return this.comm("comm_msg", message); }
      commClose(message) { return this.comm("comm_close", message); }
    };
  }

  async function plugin() {
    const { BaseKernel, IKernelSpecs } = await shared("@jupyterlite/services");
    const Kernel = kernelOf(BaseKernel);
    const spec = {
      name: "python3", display_name: "Python (in this browser)", language: "python",
      argv: [], resources: {},
    };
    return {
      id: `${NAME}:kernel`,
      autoStart: true,
      requires: [IKernelSpecs],
      activate: (app, specs) => {
        specs.register({ spec, create: async (options) => new Kernel(options) });
      },
    };
  }

  globalThis._JUPYTERLAB = globalThis._JUPYTERLAB || {};
  globalThis._JUPYTERLAB[NAME] = {
    init: (given) => { scope = given; },
    get: async () => {
      const found = await plugin();
      return () => ({ __esModule: true, default: [found] });
    },
  };
})();

// The kernel's worker: CPython as WebAssembly, its files in memory, one turn at a time.
// It reads three files beside it and asks for nothing else.
import {
  ConsoleStdout, Directory, File, OpenFile, PreopenDirectory, WASI,
} from "./shim/index.js";

const text = new TextDecoder();
const bytes = new TextEncoder();
const LIBRARY = "/usr/local/lib";
const ZIP = "python315.zip";  // the name that the interpreter was started with
// The interpreter was stopped after its start, and knows the parts of another library.
const START = `import sys
for _importer in sys.path_importer_cache.values():
    getattr(_importer, "invalidate_caches", int)()
sys.path.append("/site")
_here, sys.platform = sys.platform, "emscripten"  # where IPython asks for no terminal
import browser_kernel
sys.platform = _here`;
const ALL = 0x1fffffffn;  // each right of WASI has a bit
let guest = null;
let asked = new Uint8Array();  // what Python reads next

// The root folder: everything in it may be read and written, and it says so.
class Root extends PreopenDirectory {
  fd_fdstat_get() {
    const found = super.fd_fdstat_get();
    found.fdstat.fs_rights_base = ALL;
    found.fdstat.fs_rights_inherited = ALL;
    return found;
  }
}

// A file of this folder, unpacked: a server may or may not have done it already.
async function unpacked(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const raw = await answer.arrayBuffer();
  const start = new Uint8Array(raw, 0, 2);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return raw;
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

// A folder below another one, made where it is missing.
function folder(root, path) {
  let here = root;
  for (const part of path.split("/").filter(Boolean)) {
    if (!here.contents.has(part)) here.contents.set(part, new Directory(new Map()));
    here = here.contents.get(part);
  }
  return here;
}

// The folders and files of an archive in tar's ustar form.
function untar(buffer) {
  const root = new Directory(new Map());
  const word = (at, long) => text.decode(new Uint8Array(buffer, at, long)).split("\0")[0];
  for (let at = 0; at + 512 <= buffer.byteLength && word(at, 100);) {
    const size = parseInt(word(at + 124, 12), 8) || 0;
    const above = word(at + 345, 155);
    const path = (above ? `${above}/` : "") + word(at, 100);
    const parts = path.split("/").filter((part) => part && part !== ".");
    const name = parts.pop();
    const here = folder(root, parts.join("/"));
    if (word(at + 156, 1) !== "5") {
      here.contents.set(name, new File(new Uint8Array(buffer, at + 512, size)));
    }
    at += 512 + 512 * Math.ceil(size / 512);
  }
  return root;
}

// What Python says and asks: host.call(request) -> answer, both JSON.
function call(at, size, answerAt, sizeAt) {
  const request = new Uint8Array(guest.exports.memory.buffer, at >>> 0, size >>> 0);
  let answer = new Uint8Array();
  if (size === 0) answer = asked;
  else postMessage(JSON.parse(text.decode(request.slice())));
  const place = guest.exports.host_alloc(answer.length) >>> 0;
  const memory = guest.exports.memory.buffer;
  new Uint8Array(memory, place, answer.length).set(answer);
  const view = new DataView(memory);
  view.setUint32(answerAt >>> 0, place, true);
  view.setUint32(sizeAt >>> 0, answer.length, true);
  return 0;
}

function run(code) {
  const source = bytes.encode(code);
  const place = guest.exports.host_alloc(source.length) >>> 0;
  new Uint8Array(guest.exports.memory.buffer, place, source.length).set(source);
  return guest.exports.turn(place, source.length);
}

async function start() {
  const [module, zip, archive] = await Promise.all([
    unpacked("python.wasm.gz").then((code) => WebAssembly.compile(code)),
    unpacked("python.zip.gz"),
    unpacked("site.tar.gz"),
  ]);
  const files = untar(archive);
  const data = files.contents.get("mpl-data");
  files.contents.delete("mpl-data");
  for (const path of ["tmp", "usr/local/lib"]) folder(files, path);
  const said = (name) => new ConsoleStdout((part) =>
    postMessage({ type: "stream", content: { name, text: text.decode(part) } }));
  const opened = [
    new OpenFile(new File([])), said("stdout"), said("stderr"),
    new PreopenDirectory(LIBRARY, new Map([[ZIP, new File(new Uint8Array(zip), { readonly: true })]])),
    new PreopenDirectory(`${LIBRARY}/${ZIP}/matplotlib/mpl-data`, data.contents),
    new Root("/", files.contents),
  ];
  const environment = ["TMPDIR=/tmp", "HOME=/tmp", "PYTHONTZPATH=", "MPLCONFIGDIR=/tmp",
    "MPLBACKEND=agg", "METAAD_RESULTS=/results", "METAAD_WIDGETS=1"];
  const wasi = new WASI(["/usr/local/bin/python.wasm"], environment, opened, { debug: false });
  guest = await WebAssembly.instantiate(
    module, { wasi_snapshot_preview1: wasi.wasiImport, host: { call } });
  wasi.inst = guest;
  if (run(START)) {
    throw new Error("the kernel did not start");
  }
}

const started = start();
started.then(() => postMessage({ type: "ready" }),
  (error) => postMessage({ type: "broken", content: String(error) }));

onmessage = async (event) => {
  try {
    await started;
    asked = bytes.encode(JSON.stringify(event.data));
    run("__import__('browser_kernel').turn()");
  } catch (error) {
    postMessage({ type: "broken", content: String(error) });
  }
};

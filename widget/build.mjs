// Writes the built files that the Python package ships: aftercare/web/static/{chat.js,chat.css,loader.js}.
//   node build.mjs           write them
//   node build.mjs --check   fail when the committed files differ from the sources, or the loader outgrew its limit
//   node build.mjs --tests   bundle test/*.test.ts into build/ for node --test
import { readFile, readdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const statics = fileURLToPath(new URL("../aftercare/web/static/", import.meta.url));
const LOADER_LIMIT_BYTES = 2048; // a clinic's page pays for every byte of it

const minifiedCssAsText = {
  name: "minified-css-as-text",
  setup(bundler) {
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const shared = { bundle: true, minify: true, write: false, target: ["es2020"], format: "iife", legalComments: "none" };

async function bundle(entry, options = {}) {
  const result = await build({ ...shared, entryPoints: [here + entry], ...options });
  return result.outputFiles[0].text;
}

async function products() {
  return {
    "chat.js": await bundle("src/chat.ts"),
    "chat.css": await bundle("src/chat.css", { target: ["chrome109", "firefox115", "safari15.4"] }),
    "loader.js": (await bundle("src/loader.ts", { plugins: [minifiedCssAsText], tsconfigRaw: {} })).trim(),
  };
}

if (process.argv.includes("--tests")) {
  const tests = (await readdir(here + "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => `${here}test/${name}`),
    outdir: here + "build",
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
  });
} else {
  const files = await products();
  const loaderBytes = Buffer.byteLength(files["loader.js"]);
  if (loaderBytes >= LOADER_LIMIT_BYTES) {
    console.error(`loader.js has ${loaderBytes} bytes; it must stay under ${LOADER_LIMIT_BYTES}`);
    process.exitCode = 1;
  }
  for (const [name, text] of Object.entries(files)) {
    if (!process.argv.includes("--check")) {
      await writeFile(statics + name, text);
      console.log(`${name}  ${Buffer.byteLength(text)} bytes`);
    } else if ((await readFile(statics + name, "utf8").catch(() => "")) !== text) {
      console.error(`aftercare/web/static/${name} is not what the sources give: run npm run build in widget/`);
      process.exitCode = 1;
    }
  }
}

// Bundle what the dashboard uses of others: `node web/vendor.mjs` after `npm ci` in web/.
// With --check nothing is written; the exit code is 1 when a committed file would differ.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const STATIC = join(HERE, "static");
const NAMES = ["@preact/signals", "@preact/signals-core", "@tanstack/virtual-core", "htm", "preact", "uplot"];

const read = (...parts) => readFileSync(join(HERE, ...parts), "utf8");
const sha384 = (text) => `sha384-${createHash("sha384").update(text).digest("base64")}`;

/** @param {string} entry */
async function script(entry) {
  const result = await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    write: false,
  });
  checkNames(Object.keys(result.metafile.inputs));
  return result.outputFiles[0].text;
}

/** A package that came in unnoticed would ship without its licence. */
function checkNames(inputs) {
  const found = new Set(
    inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  const others = [...found].filter((name) => !NAMES.includes(name));
  if (others.length > 0) throw new Error(`bundled, but not named in vendor.mjs: ${others.join(", ")}`);
}

function licence(name) {
  const folder = join(HERE, "node_modules", name);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const { version, license } = JSON.parse(read("node_modules", name, "package.json"));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
}

function packages() {
  const lock = JSON.parse(read("package-lock.json"));
  return Object.fromEntries(
    NAMES.map((name) => {
      const { version, integrity, license } = lock.packages[`node_modules/${name}`];
      const installed = JSON.parse(read("node_modules", name, "package.json")).version;
      if (installed !== version) throw new Error(`${name} ${installed} is installed, ${version} is locked: run npm ci`);
      return [name, { version, license, integrity }];
    }),
  );
}

async function files() {
  const rule = `\n${"-".repeat(72)}\n\n`;
  const made = {
    "js/vendor/vendor.js": await script("vendor-entry.js"),
    "js/vendor/uplot.js": await script("vendor-uplot.js"),
    "js/vendor/LICENSES.txt": NAMES.map(licence).join(rule),
    "vendor.css": read("node_modules", "uplot", "dist", "uPlot.min.css").trim() + "\n",
  };
  const hashes = Object.fromEntries(Object.entries(made).map(([path, text]) => [path, sha384(text)]));
  const manifest = { packages: packages(), files: hashes };
  return { ...made, "js/vendor/manifest.json": `${JSON.stringify(manifest, null, 2)}\n` };
}

const isCheck = process.argv.includes("--check");
let differing = 0;
for (const [path, text] of Object.entries(await files())) {
  const target = join(STATIC, path);
  if (isCheck) {
    if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
    differing += 1;
    console.error(`differs: ${relative(HERE, target)}`);
  } else {
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(`${relative(HERE, target)}: ${Buffer.byteLength(text)} bytes`);
  }
}
process.exitCode = differing > 0 ? 1 : 0;

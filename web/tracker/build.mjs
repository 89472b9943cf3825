// Make web/static/tracker.js: `node web/tracker/build.mjs` after `npm ci` in web/.
// With --check nothing is written; the exit code is 1 when the committed file would differ.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { transform } from "esbuild";

const SOURCE = fileURLToPath(new URL("tracker.js", import.meta.url));
const TARGET = fileURLToPath(new URL("../static/tracker.js", import.meta.url));

const { code } = await transform(readFileSync(SOURCE, "utf8"), {
  target: "es2019",
  minify: true,
  charset: "utf8",
  legalComments: "none",
});

if (!process.argv.includes("--check")) {
  writeFileSync(TARGET, code);
  console.log(`tracker.js: ${Buffer.byteLength(code)} bytes, ${gzipSync(code).length} gzipped`);
} else if (!existsSync(TARGET) || readFileSync(TARGET, "utf8") !== code) {
  console.error("differs: static/tracker.js");
  process.exitCode = 1;
}

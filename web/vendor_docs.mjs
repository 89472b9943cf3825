// Fetch what /docs uses of others: `node web/vendor_docs.mjs`. npm checks the package against INTEGRITY.
// With --check nothing is written; the exit code is 1 when a committed file would differ.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "static", "docs", "vendor");
const NAME = "swagger-ui-dist";
const VERSION = "5.35.0";
const INTEGRITY =
  "sha512-U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==";
const FILES = ["swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui.css", "LICENSE", "NOTICE"];

const hash = (kind, bytes) => `${kind}-${createHash(kind).update(bytes).digest("base64")}`;

/** Unpack the package into `folder` and return the path of what was in it. */
function unpacked(folder) {
  execFileSync("npm", ["pack", `${NAME}@${VERSION}`, "--silent", "--ignore-scripts"], { cwd: folder });
  const archive = join(folder, `${NAME}-${VERSION}.tgz`);
  const found = hash("sha512", readFileSync(archive));
  if (found !== INTEGRITY) throw new Error(`${NAME} ${VERSION} is another one: ${found}`);
  execFileSync("tar", ["-xzf", archive, "-C", folder]);
  return join(folder, "package");
}

function files(folder) {
  const made = Object.fromEntries(FILES.map((name) => [name, readFileSync(join(folder, name))]));
  const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const manifest = {
    packages: { [NAME]: { version: VERSION, license, integrity: INTEGRITY } },
    files: Object.fromEntries(Object.entries(made).map(([name, bytes]) => [name, hash("sha384", bytes)])),
  };
  return { ...made, "manifest.json": Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`) };
}

const isCheck = process.argv.includes("--check");
const folder = mkdtempSync(join(tmpdir(), "vendor-"));
try {
  for (const [name, bytes] of Object.entries(files(unpacked(folder)))) {
    const target = join(TARGET, name);
    if (!isCheck) {
      mkdirSync(TARGET, { recursive: true });
      writeFileSync(target, bytes);
      console.log(`${relative(HERE, target)}: ${bytes.length} bytes`);
    } else if (!existsSync(target) || !readFileSync(target).equals(bytes)) {
      process.exitCode = 1;
      console.error(`differs: ${relative(HERE, target)}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

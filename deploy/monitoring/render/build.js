// Bundles the page into one script: `npm run build` writes dist/page.js.
import { readFile } from "node:fs/promises";

import { build } from "esbuild";

/** No panel has an editor of code, which would be half of the script. */
const withoutEditor = {
  name: "without-editor",
  setup(builder) {
    builder.onResolve({ filter: /^(@monaco-editor\/react|monaco-editor)/ }, ({ path }) => ({ path, namespace: "none" }));
    builder.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};", loader: "js" }));
  },
};

/** In a file .mjs esbuild takes all of a CommonJS module for its default, as Node does; Grafana means the field of this name. */
const commonDefaults = {
  name: "common-defaults",
  setup(builder) {
    builder.onLoad({ filter: /@grafana.*\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const own = (_, name, rest, module) =>
        `import ${name}$0${rest ?? ""} from "${module}"; const ${name} = ${name}$0?.__esModule ? ${name}$0.default : ${name}$0;`;
      return { contents: source.replace(/^import (\w+)(, \{[^}]*\})? from '([^.'][^']*)';$/gm, own), loader: "js" };
    });
  },
};

await build({
  entryPoints: ["page.jsx"],
  bundle: true,
  minify: true,
  outfile: "dist/page.js",
  jsx: "automatic",
  define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
  loader: { ".svg": "dataurl", ".woff2": "dataurl", ".ttf": "dataurl" },
  plugins: [withoutEditor, commonDefaults],
  logLevel: "error",
});

// One HTML file that needs nothing beside it: a page from file:// can fetch nothing.
import { defineConfig } from "vite";

// Text that would end or escape the script element, inside string literals.
const insideScript = (code) => code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

const singleFile = {
  name: "single-file",
  enforce: "post",
  generateBundle(_, bundle) {
    const page = bundle["index.html"];
    let html = page.source;
    for (const [name, part] of Object.entries(bundle)) {
      if (part === page) continue;
      const tag = name.endsWith(".css")
        ? new RegExp(`<link[^>]*${name}[^>]*>`)
        : new RegExp(`<script[^>]*${name}[^>]*></script>`);
      const inline = name.endsWith(".css")
        ? `<style>${part.source}</style>`
        : `<script type="module">${insideScript(part.code)}</script>`;
      if (!tag.test(html)) throw new Error(`${name} is not in the page`);
      html = html.replace(tag, () => inline);
      delete bundle[name];
    }
    page.source = html;
    page.fileName = "skeleta.html";
  },
};

export default defineConfig({
  base: "./",
  plugins: [singleFile],
  worker: { format: "iife" },
  build: {
    target: "es2022",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    chunkSizeWarningLimit: 20000,
  },
});

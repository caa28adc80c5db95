//! Svelte's compiler options. It does not configure the build, `vite.config.ts` does.
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default { preprocess: vitePreprocess() };

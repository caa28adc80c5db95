//! The shell as backend: `invoke` for commands, the event `changed` for tags (step 10 of the journey), `progress` for long work. The only file that
//! may import `@tauri-apps/*`. It interprets nothing.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Backend } from "./backend";
import type { ProgressView, Tag } from "./ipc.gen";

/** The door to the shell. */
export function tauri(): Backend {
  return {
    call: (name, input) => invoke(name, { input }),
    onProgress(listener) {
      const stopped = listen<ProgressView>("progress", (event) => listener(event.payload));
      return () => void stopped.then((stop) => stop());
    },
    onChanged(listener) {
      const stopped = listen<Tag[]>("changed", (event) => listener(event.payload));
      return () => void stopped.then((stop) => stop());
    },
  };
}

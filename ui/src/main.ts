//! Where the window begins: chooses the backend and mounts the frame. It holds nothing.
import { mount } from "svelte";
import { openBackend } from "./backend/backend";
import Window from "./frame/Window.svelte";
import { preferUsual } from "./state/preferences.svelte";
import "./css/tokens.css";
import "./css/base.css";
import "./css/kit.css";
import "./css/print.css";

const target = document.getElementById("window");
if (target !== null) {
  preferUsual();
  void openBackend().then(() => mount(Window, { target }));
}

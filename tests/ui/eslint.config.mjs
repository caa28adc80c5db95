//! The browser tests use the lint rules of the window and add none.
export { default } from "../../ui/eslint.config.js";

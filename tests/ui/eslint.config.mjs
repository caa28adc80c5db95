//! The browser tests keep the rules of the window. It adds none of its own.
export { default } from "../../ui/eslint.config.js";

//! Pictures for people to look at: every state in both languages, light and dark, in a small and a large window. They
//! test nothing and are not committed. `npx playwright test --config ../tests/ui/shots.config.ts [-g NAME]` from `ui/`
//! makes them again in `target/shots`, after `npm run build:demo`. `OFFIZIN_UI_PORT` chooses another port.
import config from "./playwright.config";

export default { ...config, testMatch: "*.shots.ts", outputDir: "../../target/shots-results" };

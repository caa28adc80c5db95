/** True in the demo build only; false lets the bundler drop the demo wholly. */
declare const __DEMO__: boolean;

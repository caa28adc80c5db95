//! Overlay: a hundred thousand orders. Recording as many would prove nothing more, so the recorded rows come over and over, each
//! time under another uid; what stands behind a row is that of the recorded one.
import type { Commands, OrderRowView } from "../ipc.gen";
import { cut, pageOf, type Recorded } from "./recorded";

/** How many rows each list has. */
export const MANY = { order_list: 100_000, stock_list: 3_000, prescription_list: 5_000 } as const;

const AGAIN = "~";

/** The answers of a desk that knows very much. */
export class Many {
  constructor(readonly recorded: Recorded) {}

  answer<N extends keyof Commands>(command: N, input: Commands[N]["input"]): Commands[N]["output"] {
    const size = MANY[command as keyof typeof MANY];
    if (size !== undefined && isWhole(input)) return this.#list(command, size, input) as Commands[N]["output"];
    return this.recorded.answer(command, first(input));
  }

  #list(command: string, size: number, input: unknown) {
    const rows = this.recorded.rows(command) as { uid: string }[];
    const page = cut(
      Array.from({ length: size }, (_, at) => at),
      pageOf(input),
    );
    return {
      ...page,
      rows: page.rows.map((at) => {
        const row = rows[at % rows.length];
        const round = Math.floor(at / rows.length);
        const again = { ...row, uid: round === 0 ? row?.uid : `${row?.uid}${AGAIN}${round}` };
        return command === "order_list" ? { ...(again as OrderRowView), name: `#${1000 + size - at}` } : again;
      }),
    };
  }
}

/** Whether nothing is left out. */
function isWhole(input: unknown): boolean {
  return Object.entries(input ?? {}).every(([name, value]) => value === null || ["limit", "after"].includes(name));
}

/** The recorded one of those that are the same. */
function first<I>(input: I): I {
  const without = (uid: string) => uid.split(AGAIN)[0] ?? uid;
  if (typeof input === "string") return without(input) as I;
  if (typeof input !== "object" || input === null || !("uid" in input)) return input;
  return { ...input, uid: without(String(input.uid)) };
}

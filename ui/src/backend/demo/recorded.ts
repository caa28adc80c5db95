//! Answers of the real desk, recorded over the sandbox by `tests/journey/tests/recorder` and looked up here by command and input.
//! Nothing is computed: what was not asked while recording has no answer. Two things are done to an answer. Its times are moved
//! so that the moment of the recording is the moment the demo was opened, and of a list, which is recorded whole, a page is cut.
import type { Commands, Problem } from "../ipc.gen";

type Asked = { input: unknown; output?: unknown; problem?: Problem; page?: number[] };
type Answers = Record<string, Asked[]>;
type Recording = {
  now: string;
  /** The rows of lists, which answers name by their place. */
  rows: Record<string, unknown[]>;
  answers: Answers;
  /** What was done or happened later, each with what is answered differently since. */
  steps: { step: Asked & { command: string }; answers: Answers }[];
};
type Input = { limit?: number | null; after?: string | null; search?: string | null };
type Candidate = { asked: Asked; times: number[] };
/** Under the command and what is chosen in the input, without its times. */
type Layer = Map<string, Candidate[]>;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const TIMES = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g;

/** A problem as the desk would tell it. */
export function problem(code: Problem["code"], detail: string | null = null): Problem {
  return { code, detail, incident: "7F3K-2M9Q" };
}

/** What one desk answered, moved to another moment. */
export class Recorded {
  #rows: Recording["rows"];
  /** The newest last: it answers first. */
  #layers: Layer[];
  #steps: { command: string; key: string; asked: Asked; layer: Layer }[];

  /** `file` is a recording as text, `opened` the moment it is moved to. */
  constructor(file: string, opened: number) {
    const { now } = JSON.parse(`${file.slice(0, file.indexOf(",\n"))}}`) as Pick<Recording, "now">;
    const later = opened - Date.parse(now);
    // The same moments stand in many answers.
    const known = new Map<string, string>();
    const moved = file.replace(TIMES, (_, time: string) => {
      const at = known.get(time) ?? `"${new Date(Date.parse(time) + later).toISOString()}"`;
      known.set(time, at);
      return at;
    });
    const recording = JSON.parse(moved) as Recording;
    this.#rows = recording.rows;
    this.#layers = [layerOf(recording.answers)];
    this.#steps = recording.steps.map(({ step, answers }) => ({
      command: step.command,
      key: keyOf(step.input).key,
      asked: step,
      layer: layerOf(answers),
    }));
  }

  /** The answer to a question, or the problem that was the answer. */
  answer<N extends keyof Commands>(command: N, input: Commands[N]["input"]): Commands[N]["output"] {
    const { key, times } = keyOf(input);
    for (const layer of [...this.#layers].reverse()) {
      const found = nearest(layer.get(`${command} ${key}`) ?? [], times);
      if (found !== undefined) return this.#told(command, found, input);
    }
    // Whoever searches types what nobody could record.
    if (pageOf(input).search) return { rows: [], next: null } as Commands[N]["output"];
    throw problem("internal", `not recorded: ${command} ${key}`);
  }

  /** Does what was done while recording, or lets happen what happened; from here on the answers are those given afterwards. */
  act(command: string, input: unknown): unknown {
    const { key } = keyOf(input);
    const step = this.#steps.find((one) => one.command === command && one.key === key);
    if (step === undefined) throw problem("internal", `not recorded: ${command} ${key}`);
    this.#layers.push(step.layer);
    return this.#told(command, step.asked, input);
  }

  /** What the first of such acts was answered while recording, to be changed by whoever asks. `which` chooses by what was answered. */
  outcome<N extends keyof Commands>(
    command: N,
    which: (output: Commands[N]["output"]) => boolean = () => true,
  ): Commands[N]["output"] {
    const found = this.#steps.find(
      ({ command: name, asked }) =>
        name === command && asked.problem === undefined && which(asked.output as Commands[N]["output"]),
    );
    if (found === undefined) throw problem("internal", `not recorded: ${command}`);
    return structuredClone(found.asked.output) as Commands[N]["output"];
  }

  /** The problem of this code with which such an act was refused while recording. */
  refusal(command: keyof Commands, code: Problem["code"]): Problem {
    const found = this.#steps.find(({ command: name, asked }) => name === command && asked.problem?.code === code);
    return found?.asked.problem ?? problem("internal", `not recorded: ${command} refused as ${code}`);
  }

  /** Every row of the whole list of a command. */
  rows(command: string): unknown[] {
    const all = this.#layers[0]?.get(`${command} {}`)?.[0]?.asked.page ?? [];
    return all.map((place) => this.#rows[command]?.[place]);
  }

  #told(command: string, asked: Asked, input: unknown): never {
    if (asked.problem !== undefined) throw asked.problem;
    if (asked.page === undefined) return asked.output as never;
    const rows = asked.page.map((place) => this.#rows[command]?.[place]);
    return cut(rows, pageOf(input)) as never;
  }
}

/** The page of a list that an input wants. */
export function cut<R>(rows: R[], page: Input): { rows: R[]; next: string | null } {
  const start = page.after == null ? 0 : Number(page.after);
  const end = start + (page.limit ?? 50);
  return { rows: rows.slice(start, end), next: end < rows.length ? String(end) : null };
}

/** Where an input says which page it wants. */
export function pageOf(input: unknown): Input {
  if (typeof input !== "object" || input === null) return {};
  return "page" in input ? pageOf(input.page) : (input as Input);
}

function layerOf(answers: Answers): Layer {
  const layer: Layer = new Map();
  for (const [command, all] of Object.entries(answers)) {
    for (const asked of all) {
      const { key, times } = keyOf(asked.input);
      const known = layer.get(`${command} ${key}`);
      if (known === undefined) layer.set(`${command} ${key}`, [{ asked, times }]);
      else known.push({ asked, times });
    }
  }
  return layer;
}

/** An input without what is not chosen and without its page; its times are taken out, because no two looks have the same. */
function keyOf(input: unknown): { key: string; times: number[] } {
  const times: number[] = [];
  const chosen = (value: unknown): unknown => {
    if (typeof value === "string" && TIME.test(value)) {
      times.push(Date.parse(value));
      return "a time";
    }
    if (typeof value !== "object" || value === null) return value;
    const fields = Object.entries(value)
      .filter(([name, inner]) => inner !== null && !["limit", "after", "page"].includes(name))
      .sort(([one], [other]) => one.localeCompare(other));
    return Object.fromEntries(fields.map(([name, inner]) => [name, chosen(inner)]));
  };
  return { key: JSON.stringify(chosen(input)), times };
}

/** Of those asked with other times, the one asked with the nearest. */
function nearest(candidates: Candidate[], times: number[]): Asked | undefined {
  const away = ({ times: asked }: Candidate) =>
    asked.reduce((sum, time, at) => sum + Math.abs(time - (times[at] ?? time)), 0);
  return candidates.reduce<Candidate | undefined>(
    (best, one) => (best === undefined || away(one) < away(best) ? one : best),
    undefined,
  )?.asked;
}

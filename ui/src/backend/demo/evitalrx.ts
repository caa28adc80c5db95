//! A provider that signs nothing and tells no times, for the demo: five invented orders, one for each thing that only it says.
import type {
  Commands,
  ConfirmableView,
  ConfirmationView,
  EntryView,
  Finality,
  HandoverView,
  LaneView,
  Mark,
  Money,
  OrderRowView,
  OrderView,
  SequenceView,
  Stage,
  StatusGroup,
  StepState,
} from "../ipc.gen";
import { hex } from "./cast";
import { iso } from "./lives";

const MINUTE = 60_000;

type Step = {
  lane: string | null;
  type: string;
  stage: Stage | null;
  group: StatusGroup;
  ago: number;
  finality?: Finality;
  marks?: Mark[];
  reason?: string;
  successors?: string[];
  predecessor?: string;
  receipts?: number;
};
type Told = [string, Stage | null, StepState];
type Scene = {
  name: string;
  way: "delivery" | "pickup";
  steps: Step[];
  sequences: [string, string, Told[]][];
  pharmacies: Record<string, string>;
  attention?: OrderRowView["attention"];
};

const given: Omit<Step, "ago" | "lane"> = { type: "order_assigned", stage: "assigned", group: "waiting" };
const accepted: Omit<Step, "ago" | "lane"> = { type: "accept", stage: "accepted", group: "in_work" };
const packed: Omit<Step, "ago" | "lane"> = { type: "shipped", stage: "packed", group: "in_work" };
const ready: Omit<Step, "ago" | "lane"> = { type: "shipped", stage: "ready_for_collection", group: "in_work" };
const rider: Omit<Step, "ago" | "lane"> = { type: "order_picked_up", stage: "with_rider", group: "in_work" };

const scenes: Scene[] = [
  {
    name: "TESTORDER1",
    way: "delivery",
    pharmacies: { "c1==": "Test Pharmacy" },
    steps: [
      { lane: "c1==", ...given, ago: 95 },
      { lane: "c1==", ...accepted, ago: 80, receipts: 2 },
      { lane: "c1==", ...packed, ago: 12 },
    ],
    sequences: [
      [
        "c1==",
        "Test Pharmacy",
        [
          ["order_assigned", "assigned", "done"],
          ["accept", "accepted", "done"],
          ["shipped", "packed", "done"],
          ["order_picked_up", "with_rider", "next"],
          ["delivered", "delivered", "ahead"],
        ],
      ],
    ],
  },
  {
    name: "TESTORDER2",
    way: "delivery",
    pharmacies: { "c2==": "T00ST", "c3==": "Sample Medical Store", "c4==": "T00XY" },
    steps: [
      { lane: "c2==", ...given, ago: 240 },
      {
        lane: "c2==",
        type: "reject",
        stage: "rejected_or_cancelled",
        group: "stopped",
        ago: 210,
        finality: "may_continue",
        reason: "Other",
      },
      {
        lane: "c2==",
        type: "reassign",
        stage: "reassigned",
        group: "stopped",
        ago: 205,
        successors: ["c3==", "c4=="],
      },
      { lane: "c3==", type: "reassign", stage: null, group: "new", ago: 205, predecessor: "c2==" },
      { lane: "c4==", type: "reassign", stage: null, group: "new", ago: 205, predecessor: "c2==" },
      { lane: "c3==", ...accepted, ago: 190 },
    ],
    sequences: [
      [
        "c3==",
        "Sample Medical Store",
        [
          ["accept", "accepted", "done"],
          ["shipped", "packed", "next"],
          ["order_picked_up", "with_rider", "ahead"],
          ["delivered", "delivered", "ahead"],
        ],
      ],
    ],
  },
  {
    name: "TESTORDER3",
    way: "pickup",
    pharmacies: { "c5==": "Test Pharmacy" },
    steps: [
      { lane: "c5==", ...accepted, ago: 500 },
      { lane: "c5==", ...ready, ago: 420 },
      { lane: "c5==", ...rider, ago: 380, marks: ["unexpected"] },
      { lane: "c5==", type: "delivered", stage: "collected", group: "done", ago: 300 },
    ],
    sequences: [
      [
        "c5==",
        "Test Pharmacy",
        [
          ["accept", "accepted", "done"],
          ["shipped", "ready_for_collection", "done"],
          ["delivered", "collected", "done"],
          ["order_picked_up", "with_rider", "unexpected"],
        ],
      ],
    ],
  },
  {
    name: "TESTORDER4",
    way: "delivery",
    pharmacies: { "c6==": "Sample Medical Store" },
    attention: ["cancelled_everywhere", "went_back"],
    steps: [
      { lane: null, type: "digitization_completed", stage: "digitized", group: "waiting", ago: 1500 },
      { lane: "c6==", ...packed, ago: 1400, marks: ["unexpected"] },
      {
        lane: "c6==",
        type: "reject",
        stage: "rejected_or_cancelled",
        group: "stopped",
        ago: 1300,
        finality: "final",
        reason: "Address not found.",
        marks: ["backward"],
      },
    ],
    sequences: [
      [
        "c6==",
        "Sample Medical Store",
        [
          ["digitization_completed", "digitized", "done"],
          ["accept", "accepted", "skipped"],
          ["shipped", "packed", "done"],
          ["reject", "rejected_or_cancelled", "ending"],
          ["order_picked_up", "with_rider", "not_reached"],
          ["delivered", "delivered", "not_reached"],
        ],
      ],
    ],
  },
  {
    name: "TESTORDER5",
    way: "delivery",
    pharmacies: { "c7==": "T00ST" },
    steps: [
      {
        lane: "c7==",
        type: "reject",
        stage: "rejected_or_cancelled",
        group: "waiting",
        ago: 1600,
        finality: "unknown",
        reason: "Out of stock",
      },
      { lane: "c7==", type: "split", stage: "rejected_or_cancelled", group: "waiting", ago: 1590, finality: "unknown" },
    ],
    sequences: [],
  },
];

const rupees = (amount: string): Money => ({ amount, currency: "INR", assumed: true });

/** The answers that differ from those of the other scenes. */
export function evitalrx(opened: number): Partial<{ [N in keyof Commands]: (input: Commands[N]["input"]) => unknown }> {
  const uidOf = (scene: Scene) => `P${scene.name}/+A==`;
  const find = (uid: string) => scenes.find((scene) => uidOf(scene) === uid) ?? scenes[0];

  function entries(scene: Scene): EntryView[] {
    const before = new Map<string | null, Step>();
    return scene.steps.map((step, at) => {
      const from = before.get(step.lane);
      const moves = step.type !== "split" && step.predecessor === undefined;
      if (moves) before.set(step.lane, step);
      const time = iso(opened - step.ago * MINUTE);
      const word = (one: Step | undefined) => (one === undefined || one.stage === null ? null : one.type);
      const shown = moves ? step : from;
      return {
        event_id: hex(16, 12, scene.name.charCodeAt(9), step.type === "reassign" ? 2 : at),
        lane_uid: step.lane,
        pharmacy_name: step.lane === null ? null : (scene.pharmacies[step.lane] ?? null),
        at: time,
        received_at: time,
        kind:
          step.successors !== undefined
            ? "handed_over"
            : step.predecessor !== undefined
              ? "created"
              : from === undefined || !moves
                ? "updated"
                : "status_changed",
        event_type: step.type,
        from: word(from),
        from_group: from?.group ?? null,
        from_stage: from?.stage ?? null,
        to: word(shown),
        to_group: shown?.group ?? "new",
        to_stage: shown?.stage ?? null,
        finality: shown?.finality ?? null,
        dwell_ms: from !== undefined && moves ? (from.ago - step.ago) * MINUTE : null,
        reason: step.reason ?? null,
        successors: step.successors ?? [],
        predecessor: step.predecessor ?? null,
        trust: "unsigned",
        marks: [...(step.marks ?? []), "time_of_receipt"],
        receipts: step.receipts ?? 1,
        changes:
          step.type === "shipped"
            ? [
                { field: "order_status", from: "accepted", to: "shipped" },
                { field: "links.tracking", from: null, to: "•••" },
                { field: "handover_code", from: null, to: "•••" },
              ]
            : [],
      };
    });
  }

  function lanes(scene: Scene): LaneView[] {
    const last = new Map<string, EntryView>();
    for (const entry of entries(scene)) if (entry.lane_uid !== null) last.set(entry.lane_uid, entry);
    return [...last].reverse().map(([uid, entry]) => ({
      uid,
      name: entry.to === null ? null : scene.name,
      status: entry.to,
      status_group: entry.to_group,
      stage: entry.to_stage,
      finality: entry.finality,
      handed_over: entry.kind === "handed_over",
      pharmacy_uid: null,
      pharmacy_name: entry.pharmacy_name,
      updated_at: entry.at,
      deleted: false,
    }));
  }

  function row(scene: Scene): OrderRowView {
    const all = lanes(scene);
    const leading = all.find((lane) => !lane.handed_over && lane.status !== null) ?? all[0];
    const at = entries(scene).at(-1)?.at ?? iso(opened);
    return {
      uid: uidOf(scene),
      connection: "con-1",
      name: scene.name,
      status: leading?.status ?? null,
      status_group: leading?.status_group ?? "new",
      stage: leading?.stage ?? null,
      finality: leading?.finality ?? null,
      updated_at: at,
      status_since: at,
      received_at: at,
      lanes: all,
      attention: scene.attention ?? [],
      delivery_type: scene.way,
      priority: 0,
      total: rupees("1300"),
      items: 2,
      events: scene.steps.length,
      trust: "unsigned",
    };
  }

  function order(scene: Scene): OrderView {
    return {
      ...row(scene),
      item_list: [
        {
          name: "Testmedicine 500",
          pzn: "00042",
          amount: 100,
          unit: "units",
          pack: "10 Tablets",
          loose: null,
          price: rupees("130"),
          total: rupees("1300"),
          stock: null,
        },
        {
          name: "Sample Syrup",
          pzn: null,
          amount: 1,
          unit: "packs",
          pack: "100 ml",
          loose: 100,
          price: rupees("30.74"),
          total: rupees("30.740000000000002"),
          stock: null,
        },
      ],
      doctor: "Dr. Test",
      shop_order: "00011223",
      fulfilment: null,
      shipping: null,
      amounts: [
        { meaning: "items_after_discount", amount: rupees("1300") },
        { meaning: "items_at_maximum_price", amount: rupees("1384.18") },
        { meaning: "shipping_of_order", amount: rupees("30") },
      ],
      reported: [{ meaning: "billed", text: "2025-01-29 12:26:51", zone: "Asia/Kolkata" }],
      prescription_file: null,
      has_patient: true,
      has_handover: true,
    };
  }

  const sequences = (scene: Scene): SequenceView[] =>
    scene.sequences.map(([lane, pharmacy, steps]) => ({
      lane_uid: lane,
      pharmacy_name: pharmacy,
      steps: steps.map(([status, stage, state]) => ({
        status,
        stage,
        state,
        at:
          state === "done" || state === "ending" || state === "unexpected"
            ? iso(opened - (scene.steps.find((step) => step.type === status)?.ago ?? 0) * MINUTE)
            : null,
      })),
    }));

  const handover: HandoverView[] = [
    {
      lane_uid: "c1==",
      lane_name: "TESTORDER1",
      pharmacy_name: "Test Pharmacy",
      courier_name: "Ravi Example",
      courier_phone: "9000000000",
      links: [
        { kind: "tracking", host: "track.example.in", text: null },
        { kind: "bill", host: null, text: "http://localhost/evital/invoice/VEVTVE9SREVSMQ==/print/" },
        { kind: "invoice", host: "files.example.in", text: null },
      ],
      has_pin: true,
    },
  ];

  /** The first order agrees when asked, the second is told of otherwise, the others were not asked about. */
  const asked = new Map<string, ConfirmationView>();
  const confirm = (uid: string): ConfirmableView => {
    const scene = find(uid) as Scene;
    const told = lanes(scene).map((lane) => {
      const here = scene.steps.findLast((step) => step.lane === lane.uid)?.stage ?? null;
      const differs = scene !== scenes[0] && lane.uid === scene.steps[0]?.lane;
      return {
        lane_uid: lane.uid,
        here,
        there: differs ? "cancelled" : "shipped",
        agreement: differs ? ("differs" as const) : ("agrees" as const),
      };
    });
    const agreement = told.some((lane) => lane.agreement === "differs") ? "differs" : "agrees";
    asked.set(uid, { asked_at: iso(Date.now()), agreement, lanes: told, outdated: false });
    return { possible: true, last: asked.get(uid) ?? null };
  };

  return {
    order_confirmable: (uid) => ({ possible: true, last: asked.get(uid) ?? null }),
    order_confirm: confirm,
    order_list: () => ({ rows: scenes.map(row), next: null }),
    order_show: (uid) => order(find(uid) as Scene),
    order_timeline: (uid) => {
      const scene = find(uid) as Scene;
      return { uid, lanes: lanes(scene), sequences: sequences(scene), entries: entries(scene) };
    },
    order_handover: () => handover,
    order_pin: () => ({ pin: "0498" }),
    order_patient: () => ({
      name: "Asha Example",
      date_of_birth: null,
      email: null,
      phone: "9000000000",
      delivery_address: {
        name: null,
        street: "1 Invented Road, Testnagar",
        additional: null,
        city: null,
        country: null,
      },
      invoice_address: null,
      further: [{ field: "billing_for", value: "Asha Example" }],
    }),
  };
}

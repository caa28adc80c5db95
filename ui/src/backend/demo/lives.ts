//! Order lives of the demo, made on demand from an order's number: its lanes, its timeline, its items. Most are ordinary; some
//! are held, re-routed, restarted, late or strange, so that every mark has somewhere to appear.
import type {
  Attention,
  ChangeView,
  ConnectionId,
  EntryView,
  ItemView,
  LaneView,
  Mark,
  Money,
  OrderRowView,
  OrderView,
  PatientView,
  StatusGroup,
  TimelineView,
  Trust,
} from "../ipc.gen";
import { dice, doctors, hex, people, pharmacies, pick, products } from "./cast";

const MINUTE = 60_000;

/** The desk's fold, for the statuses the demo uses. */
const groups: Record<string, StatusGroup> = {
  init: "new",
  "waiting for pharmacy": "waiting",
  "pending review": "waiting",
  "on-hold": "needs_attention",
  "in-progress": "in_work",
  ready_for_pickup: "in_work",
  completed: "done",
  cancelled: "stopped",
};

const ordinary = ["init", "waiting for pharmacy", "pending review", "in-progress", "ready_for_pickup", "completed"];

type Step = { lane: number; status: string; marks?: Mark[]; receipts?: number; trust?: Trust; also?: boolean };
type Kind = "ordinary" | "held" | "rerouted" | "restarted" | "strange" | "cancelled" | "noisy";

function kindOf(serial: number): Kind {
  // The newest few show each kind once, so that a short list is worth looking at.
  const first: Partial<Record<number, Kind>> = {
    1: "held",
    2: "rerouted",
    5: "noisy",
    7: "restarted",
    9: "strange",
    12: "cancelled",
  };
  const shown = first[serial];
  if (shown !== undefined) return shown;
  const thrown = dice(serial, 1);
  if (thrown < 0.03) return "held";
  if (thrown < 0.06) return "rerouted";
  if (thrown < 0.08) return "restarted";
  if (thrown < 0.085) return "strange";
  if (thrown < 0.11) return "cancelled";
  if (thrown < 0.16) return "noisy";
  return "ordinary";
}

function stepsOf(serial: number): Step[] {
  const along = (lane: number, until: number): Step[] =>
    ordinary.slice(lane === 0 ? 0 : 1, until).map((status) => ({ lane, status }));
  const far = serial < 40 ? 2 + Math.floor(dice(serial, 2) * 5) : 6;
  switch (kindOf(serial)) {
    case "held":
      return [...along(0, 4), { lane: 0, status: "on-hold", also: true }];
    case "rerouted":
      return [...along(0, 3), { lane: 0, status: "cancelled" }, ...along(1, Math.min(far, 4) + 1)];
    case "restarted":
      return [
        ...along(0, 4),
        { lane: 0, status: "pending review", marks: ["backward"] },
        { lane: 0, status: "in-progress" },
      ];
    case "strange":
      return [...along(0, 3), { lane: 0, status: "AWAITING_CUSTOMS" }];
    case "cancelled":
      return [...along(0, 3), { lane: 0, status: "cancelled" }];
    case "noisy":
      return [
        { lane: 0, status: "init" },
        { lane: 0, status: "waiting for pharmacy", receipts: 2 },
        { lane: 0, status: "pending review", marks: ["late", "out_of_order", "same_second"] },
        { lane: 0, status: "pending review", also: true, marks: ["same_second"] },
        { lane: 0, status: "in-progress", receipts: 3, trust: "unsigned", marks: ["header_mismatch"] },
        { lane: 0, status: "ready_for_pickup", trust: "reconciled", marks: ["time_of_receipt"] },
      ];
    case "ordinary":
      return along(0, far);
  }
}

/** The lives of `count` orders, counted from the newest; `born` is the serial of the newest. */
export class Lives {
  /** Orders that arrived while the window was open, newest last. */
  #arrived: number[] = [];

  constructor(
    readonly opened: number,
    readonly count: number,
    readonly connection: ConnectionId,
  ) {}

  /** How many there are now. */
  get size(): number {
    return this.count + this.#arrived.length;
  }

  /** One more order arrives. */
  arrive(now: number): string {
    this.#arrived.push(now);
    return this.uid(0);
  }

  /** Serial of the order at a place of the list: 0 for the newest of the old ones, negative for those that arrived. */
  #serial(place: number): number {
    return place - this.#arrived.length;
  }

  uid(place: number): string {
    return `ord-${hex(6, 77, this.#serial(place))}-${this.size - place}`;
  }

  /** The place of an order in the list; -1 when it is not there. */
  place(uid: string): number {
    const place = this.size - Number(uid.split("-").at(-1));
    return place >= 0 && place < this.size && this.uid(place) === uid ? place : -1;
  }

  name(place: number): string {
    return `#${String(1000 + this.size - place).padStart(4, "0")}`;
  }

  /** When an order last changed. */
  at(place: number): number {
    const serial = this.#serial(place);
    if (serial < 0) return this.#arrived[-serial - 1] ?? this.opened;
    return Math.floor((this.opened - 40_000 - serial * 4.2 * MINUTE * (1 + Math.min(serial, 400) / 90)) / 1000) * 1000;
  }

  lanes(place: number): LaneView[] {
    const entries = this.timeline(place).entries;
    const lanes = new Map<string, LaneView>();
    for (const entry of entries) {
      if (entry.lane_uid === null) continue;
      lanes.set(entry.lane_uid, {
        uid: entry.lane_uid,
        name: this.name(place),
        status: entry.to,
        status_group: entry.to_group,
        stage: null,
        finality: null,
        handed_over: false,
        pharmacy_uid: pharmacies.find((one) => one.name === entry.pharmacy_name)?.uid ?? null,
        pharmacy_name: entry.pharmacy_name,
        updated_at: entry.at,
        deleted: false,
      });
    }
    return [...lanes.values()].sort((one, other) => other.updated_at.localeCompare(one.updated_at));
  }

  row(place: number): OrderRowView {
    const serial = this.#serial(place);
    const { entries } = this.timeline(place);
    const lanes = this.lanes(place);
    const leading = lanes[0];
    const last = entries.at(-1);
    const moved = entries.filter((entry) => entry.kind !== "updated").at(-1) ?? last;
    const items = this.items(place);
    const attention: Attention[] = [];
    const kind = serial < 0 ? "ordinary" : kindOf(serial);
    if (kind === "held") attention.push("on_hold");
    if (kind === "cancelled") attention.push("cancelled_everywhere");
    if (kind === "strange") attention.push("unknown_status");
    if (kind === "restarted") attention.push("went_back");
    return {
      uid: this.uid(place),
      connection: this.connection,
      name: this.name(place),
      status: leading?.status ?? null,
      status_group: leading?.status_group ?? "unknown",
      stage: null,
      finality: null,
      updated_at: last?.at ?? iso(this.opened),
      status_since: moved?.at ?? iso(this.opened),
      received_at: last?.received_at ?? iso(this.opened),
      lanes,
      attention,
      delivery_type: pick(["Standard", "Express", "Abholung"], serial, 5),
      priority: dice(serial, 6) < 0.04 ? 2 : 0,
      total: euros(items.reduce((sum, item) => sum + Math.round(Number(item.total?.amount ?? 0) * 100), 499)),
      items: items.length,
      events: entries.length,
      trust: entries.some((entry) => entry.trust === "unsigned")
        ? "unsigned"
        : entries.some((entry) => entry.trust === "reconciled")
          ? "reconciled"
          : "verified",
    };
  }

  items(place: number): ItemView[] {
    const serial = this.#serial(place);
    return Array.from({ length: 1 + Math.floor(dice(serial, 7) * 3) }, (_, at) => {
      const product = pick(products, serial, 8, at);
      const amount = 1 + Math.floor(dice(serial, 9, at) * 2);
      return {
        name: product.name,
        pzn: product.pzn,
        amount,
        unit: null,
        pack: null,
        loose: null,
        price: euros(product.cents),
        total: euros(product.cents * amount),
        stock: Math.floor(dice(serial, 10, at) * 60),
      };
    });
  }

  order(place: number): OrderView {
    const serial = this.#serial(place);
    const reached = this.timeline(place).entries.length > 2;
    return {
      ...this.row(place),
      item_list: this.items(place),
      doctor: pick(doctors, serial, 11),
      shop_order: `EXT-${20_000 + this.size - place}`,
      fulfilment: null,
      shipping: euros(499),
      amounts: [],
      reported: [],
      has_handover: false,
      prescription_file: reached ? `rezept-${this.size - place}.pdf` : null,
      has_patient: true,
    };
  }

  patient(place: number): PatientView {
    const serial = this.#serial(place);
    const person = pick(people, serial, 12);
    const name = `${person.first} ${person.last}`;
    const address = {
      name,
      street: `Testweg ${1 + Math.floor(dice(serial, 13) * 80)}`,
      additional: dice(serial, 14) < 0.3 ? "c/o Beispiel, 3. Stock" : null,
      city: person.city,
      country: "Deutschland",
    };
    return {
      name,
      date_of_birth: `19${50 + Math.floor(dice(serial, 15) * 49)}-0${1 + Math.floor(dice(serial, 16) * 9)}-14`,
      email: `${person.first.toLowerCase()}@example.test`,
      phone: "+49 30 0000000",
      delivery_address: address,
      invoice_address: address,
      further: [],
    };
  }

  timeline(place: number): TimelineView {
    const serial = this.#serial(place);
    const steps: Step[] = serial < 0 ? [{ lane: 0, status: "waiting for pharmacy" }] : stepsOf(serial);
    const home = Math.floor(dice(serial, 3) * pharmacies.length);
    let at = this.at(place);
    const times = steps.map((_, back) => {
      const one = (index: number) => steps[index]?.marks?.includes("same_second") === true;
      const together = one(steps.length - back) && one(steps.length - 1 - back);
      if (back > 0 && !together) at -= Math.round((4 + dice(serial, 4, back) ** 3 * 900) * 60) * 1000;
      return at;
    });
    times.reverse();
    const standing = new Map<number, { status: string; at: number }>();
    const entries = steps.map((step, index): EntryView => {
      const pharmacy = pharmacies[(home + step.lane) % pharmacies.length];
      const before = standing.get(step.lane);
      const when = times[index] ?? at;
      const same = before?.status === step.status;
      const kind = before === undefined ? "created" : same ? "updated" : "status_changed";
      if (!same) standing.set(step.lane, { status: step.status, at: when });
      const late = step.marks?.includes("late") === true;
      return {
        event_id: hex(16, 99, this.size - place, index),
        lane_uid: `po-${hex(4, 55, this.size - place)}-${step.lane + 1}`,
        pharmacy_name: pharmacy?.name ?? null,
        at: iso(when),
        received_at: iso(when + (late ? 47 * MINUTE : 700 + Math.floor(dice(serial, 17, index) * 900))),
        kind,
        event_type: kind === "created" ? "pharmacy_order_created" : "pharmacy_order_updated",
        from_stage: null,
        to_stage: null,
        finality: null,
        from: before?.status ?? null,
        from_group: before === undefined ? null : groupOf(before.status),
        to: step.status,
        to_group: groupOf(step.status),
        dwell_ms: before === undefined || same ? null : when - before.at,
        reason: null,
        successors: [],
        predecessor: null,
        trust: step.trust ?? "verified",
        marks: step.marks ?? [],
        receipts: step.receipts ?? 1,
        changes: this.#changes(serial, index, before?.status ?? null, step),
      };
    });
    return { uid: this.uid(place), lanes: [], sequences: [], entries };
  }

  #changes(serial: number, index: number, from: string | null, step: Step): ChangeView[] {
    if (from === null) return [];
    const changes: ChangeView[] = [];
    if (step.also) changes.push({ field: "priority", from: "0", to: "2" });
    if (step.also) changes.push({ field: "patient.phone", from: "•••", to: "•••" });
    if (dice(serial, 18, index) < 0.5) changes.push({ field: "items[0].stock", from: "14", to: "13" });
    return changes;
  }
}

function groupOf(status: string): StatusGroup {
  return groups[status] ?? "unknown";
}

/** Cents as an amount of euros. */
function euros(cents: number): Money {
  return { amount: (cents / 100).toFixed(2), currency: "EUR" };
}

/** RFC 3339 in UTC. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

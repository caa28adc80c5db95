import { describe, expect, it } from "vitest";
import type { AssignmentView } from "../backend/ipc.gen";
import { extent } from "./reasons";

const one: AssignmentView = {
  prescription_uid: "rx-1",
  doctor_uid: "doc-1",
  doctor_name: null,
  from: "2026-05-01T10:00:00Z",
  until: null,
  reason: null,
  open: true,
  not_before: "2026-05-01T10:00:00Z",
  not_after: null,
  began: null,
  ended: null,
  shop: null,
};
const at = (time: string) => Date.parse(`2026-05-01T${time}:00Z`);

describe("where an assignment lies", () => {
  it("reaches until now while it is open", () => {
    expect(extent(one, at("11:00"))).toEqual({ from: at("10:00"), until: at("11:00"), known: true });
  });
  it("never ends before it began, whatever the clock of this computer says", () => {
    expect(extent(one, at("09:00")).until).toBe(at("10:00"));
  });
  it("is bounded by its neighbours where an end was not heard", () => {
    const unheard = { ...one, open: false, not_after: "2026-05-01T10:30:00Z" };
    expect(extent(unheard, at("11:00"))).toEqual({ from: at("10:00"), until: at("10:30"), known: false });
    const unbegun = { ...one, from: null, open: false, until: "2026-05-01T10:40:00Z" };
    expect(extent(unbegun, at("11:00"))).toEqual({ from: at("10:00"), until: at("10:40"), known: false });
  });
});

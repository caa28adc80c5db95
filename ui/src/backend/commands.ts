//! The commands of the shell: name, input and output of each. The view types they speak of are generated from the desk.
//! It carries no data and no behaviour; `tauri.ts` and `demo.ts` do.
import type {
  BodyView,
  CheckView,
  ConnectionId,
  ConnectionInput,
  ConnectionView,
  EventId,
  EventListInput,
  EventRowView,
  NotificationTypeView,
  OrderListInput,
  OrderRowView,
  OrderUid,
  OrderView,
  Page,
  PageInput,
  PairInput,
  PatientView,
  PharmacySkuUid,
  Problem,
  ProofView,
  PulledView,
  RegisterInput,
  RegisterView,
  RelayView,
  Settings,
  StatusView,
  StockChangeView,
  StockListInput,
  StockRowView,
  SubscriptionId,
  SubscriptionListView,
  SubscriptionView,
  TimelineView,
  VerifyView,
} from "./ipc.gen";

export type * from "./ipc.gen";

export type StartupView =
  { state: "opening" } | { state: "ready" } | { state: "problem"; problem: Problem; can_start_over: boolean };
export type Commands = {
  startup: { input: null; output: StartupView };
  startup_retry: { input: null; output: StartupView };
  startup_start_over: { input: null; output: StartupView }; // moves the unreadable database aside, begins a new one
  status: { input: null; output: StatusView };
  sync_now: { input: null; output: PulledView };
  pair: { input: PairInput; output: RelayView };
  unpair: { input: null; output: null };
  connection_add: { input: ConnectionInput; output: ConnectionView };
  connection_check: { input: ConnectionId; output: CheckView };
  connection_remove: { input: ConnectionId; output: null };
  notification_types: { input: ConnectionId; output: NotificationTypeView[] };
  subscription_list: { input: { refresh: boolean }; output: SubscriptionListView };
  subscription_register: { input: RegisterInput; output: RegisterView[] };
  subscription_test: { input: SubscriptionId; output: null };
  subscription_remove: { input: SubscriptionId; output: null };
  subscription_paste_secret: { input: { id: SubscriptionId; secret: string }; output: SubscriptionView };
  order_list: { input: OrderListInput; output: Page<OrderRowView> };
  order_show: { input: OrderUid; output: OrderView };
  order_timeline: { input: OrderUid; output: TimelineView };
  order_patient: { input: OrderUid; output: PatientView };
  stock_list: { input: StockListInput; output: Page<StockRowView> };
  stock_history: { input: { uid: PharmacySkuUid; page: PageInput }; output: Page<StockChangeView> };
  event_list: { input: EventListInput; output: Page<EventRowView> };
  event_show: { input: EventId; output: ProofView };
  event_body: { input: EventId; output: BodyView };
  event_verify: { input: EventId; output: VerifyView };
  settings: { input: null; output: Settings };
  settings_set: { input: Settings; output: Settings };
};

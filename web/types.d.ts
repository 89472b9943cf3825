// Shapes that travel between the dashboard's modules. Times are Unix milliseconds on the service's clock
// (`..At_ms`) or monotonic readings of the browser (`local_ms`).

type FilterName = "country" | "page" | "company";
type Filter = Record<FilterName, string | null>;
type Query = Record<string, string | number | boolean | null | undefined>;
/** What came out of JSON: nothing about it is sure. */
type Json = any;

interface Company {
  guid: string | null;
  name: string;
  domain: string | null;
}

interface Contact {
  name: string;
  title: string | null;
  emails: string[];
  phones: string[];
}

interface VisitorRow {
  id: string;
  /** Counts up: tells which rows are newer than others. */
  arrival: number;
  /** When this page learned of the visitor, or null when a snapshot brought it. */
  arrivedAt_ms: number | null;
  ip: string | null;
  company: Company | null;
  contact: Contact | null;
  page: string | null;
  pageCount: number;
  country: string | null;
  device: string | null;
  openedAt_ms: number;
  lastActivityAt_ms: number;
  isIdle: boolean;
  enrichment: string | null;
}

interface FeedEvent {
  ordinal: number;
  id: string | null;
  type: string;
  sessionId: string | null;
  page: string | null;
  at_ms: number;
  country: string | null;
  device: string | null;
}

type AlertLevel = "info" | "warning" | "milestone";

interface AlertEntry {
  ordinal: number;
  level: AlertLevel;
  message: string;
  at_ms: number;
}

interface Minute {
  at_ms: number;
  visitors: number;
}

interface Averages {
  visitorsPerCompany: number | null;
  sessionDuration: number | null;
  sessionDurationToday: number | null;
  at_ms: number;
}

/** The service's answer to a filter. */
interface Detailed {
  filter: Filter;
  totalActive: number | null;
  totalToday: number | null;
  rows: VisitorRow[];
  events: FeedEvent[];
}

type ConnectionStatus = "connecting" | "connected" | "reconnecting" | "disconnected";

/** What all views draw from: one is made per drawing. */
interface Frame {
  state: import("./static/js/state.js").State;
  status: ConnectionStatus;
  since_ms: number;
  isStale: boolean;
  isLive: boolean;
  local_ms: number;
  now_ms: number;
  asOf_ms: number;
}

type SortKey = "name" | "email" | "company" | "page" | "country" | "openedAt" | "lastActivityAt";

interface Sorting {
  key: SortKey;
  isDescending: boolean;
}

interface RowItem {
  kind: "row";
  id: string;
}

interface GroupItem {
  kind: "group";
  key: string;
  name: string;
  domain: string | null;
  ids: string[];
  isOpen: boolean;
}

type TableItem = RowItem | GroupItem;

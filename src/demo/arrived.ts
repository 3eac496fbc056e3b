/** What the stand-ins have to say at the end: plain numbers and texts, told by nobody but them. */
export interface Arrived {
  /** Requests that brought something, by `Outlet.place`. Edits of what was there before are counted apart. */
  requests: ReadonlyMap<string, number>;
  edits: ReadonlyMap<string, number>;
  posts: readonly SlackPost[];
  pagerDuty: { incidents: number; open: number };
}

/** A message in a channel or a thread, as it stands. */
export interface SlackPost {
  channel: string;
  inThread: boolean;
  /** Which delivery of the relay it was, by its metadata; null where there is none. */
  deliveryId: string | null;
  text: string;
}

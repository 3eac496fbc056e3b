/** What a duty did about an event, inside the ledger's transaction. */
export interface Noted {
  /** A timer was set or cleared: the alarm has to be set anew. */
  timed: boolean;
  /** Deliveries that were added about the event itself. */
  deliveries: number;
  /** Notices that were added because of it. */
  notices: number;
}

export const nothingNoted: Noted = { timed: false, deliveries: 0, notices: 0 };

import type { DeliveryRecord } from '../store/delivery-list.ts';

/** Whether something can be done to a delivery. Nothing has been done yet. */
export type Verdict =
  | { kind: 'do' }
  /** It is as it would be after it. `why`: in a few words, of any such delivery. */
  | { kind: 'nothing'; why: string }
  /** `detail`: of this one, with what to do. */
  | { kind: 'refused'; why: string; detail: string };

/** Something that operators do to a delivery. */
export interface Action {
  judge(record: DeliveryRecord): Verdict;
  /** Inside a transaction, of one for which `judge` says `do`. `now`: epoch ms. */
  apply(record: DeliveryRecord, now: number): void;
}

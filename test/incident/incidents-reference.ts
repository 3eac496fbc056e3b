/**
 * What the incident engine has to do, said a second time and as plainly as possible: arrays and maps, no store, no timers.
 * Written from the meaning of hold, repeat, recover and silences, to be compared with the engine after every step.
 */
import type { MatchingRule } from './world.ts';

export interface Heard {
  subject: string;
  job: string;
  state: string;
  /** Ms; both by the same clock. */
  happened: number;
}

export interface Told {
  at: number;
  event: number;
  rule: string;
  to: string;
  act: string;
  kept: boolean;
}

export interface Why {
  kind: string;
  until: number | null;
}

interface Silence {
  subject: string | null;
  until: number | null;
}

interface Subject {
  failed: number;
  completed: number;
  incident: { event: number; failures: number } | null;
}

/** What one rule has to do with one subject. */
interface Story {
  rule: MatchingRule;
  subject: string;
  /** The event that opened the incident. */
  incident: number;
  /** The last failure. */
  event: number;
  failuresUntold: number;
  waits: { for: 'hold' | 'repeat' | 'silence'; until: number | null } | null;
  /** When people last heard, in this incident or before. */
  lastHeard: number | null;
  heardHere: boolean;
  /** Where something was said in this incident. */
  places: string[];
  updateAt: number | null;
  updatedAt: number | null;
}

/** To be said in this moment, before what goes to one place is put together. */
interface Wish {
  rule: string;
  to: string;
  act: string;
  kept: boolean;
}

const isAlert = (to: string) => to !== 'http';
const canEdit = (to: string) => to === 'chat' || to === 'team';
const minute = 60_000;

export class Reference {
  now = 0;
  told: Told[] = [];
  /** `event / rule`. */
  decisions = new Map<string, Why>();
  rules: readonly MatchingRule[];
  #subjects = new Map<string, Subject>();
  #stories: Story[] = [];
  #silences: Silence[] = [];
  #heard: Heard[] = [];
  #wishes: Wish[] = [];

  constructor(rules: readonly MatchingRule[]) {
    this.rules = rules;
  }

  hear(heard: Heard): void {
    const { subject, state, happened, job } = heard;
    this.#heard.push(heard);
    const event = this.#heard.length;
    const before = this.#heard.slice(0, -1).filter((other) => other.job === job);
    if (before.some((other) => other.state === state && other.happened === happened)) return;
    const rules = this.rules.filter((rule) => rule.states.includes(state) && (rule.subjects?.includes(subject) ?? true));
    const isOver = before.some(
      (other) => ['failed', 'completed', 'cancelled'].includes(other.state) && other.happened > happened,
    );
    if (state === 'running' && rules.length > 0 && isOver) return;
    if (state === 'failed') this.#fails(event, heard, rules);
    else {
      if (state === 'completed') this.#completes(heard);
      for (const rule of rules) this.#sayOnce(event, subject, rule);
    }
    this.#say(event);
  }

  #fails(event: number, { subject: name, happened }: Heard, rules: readonly MatchingRule[]): void {
    const subject = this.#subject(name);
    subject.failed = Math.max(subject.failed, happened);
    if (happened < subject.completed) {
      for (const rule of rules) {
        if (rule.incident === null) this.#sayOnce(event, name, rule);
        else this.#decide(event, rule.name, 'late', null);
      }
      return;
    }
    subject.incident ??= { event, failures: 0 };
    subject.incident.failures += 1;
    for (const rule of rules) this.#failsFor(rule, event, name, subject.incident.event);
  }

  #failsFor(rule: MatchingRule, event: number, subject: string, incident: number): void {
    const isSilent = this.#silence(subject) !== null && rule.send.some(({ to }) => isAlert(to));
    if (rule.incident === null && !isSilent) {
      for (const { to } of rule.send) this.#wish(rule.name, to, 'message');
      const waiting = this.#stories.find((each) => each.rule.name === rule.name && each.subject === subject);
      if (waiting?.incident !== incident || waiting.waits === null) return;
      if (waiting.waits.for === 'hold') this.#decide(waiting.event, rule.name, 'repeat', null);
      Object.assign(waiting, { waits: null, failuresUntold: 0, updateAt: null });
      return;
    }
    const story = this.#story(rule, subject, incident);
    if (story.waits?.for === 'hold') this.#decide(story.event, rule.name, 'repeat', null);
    Object.assign(story, { rule, event, failuresUntold: story.failuresUntold + 1 });
    const { holdMs, repeatMs } = rule.incident ?? { holdMs: null, repeatMs: null };
    let quietUntil = repeatMs === null || story.lastHeard === null ? 0 : story.lastHeard + repeatMs;
    if (story.waits?.for === 'repeat') quietUntil = Math.min(quietUntil, story.waits.until!);
    if (story.waits?.for === 'hold') this.#decide(event, rule.name, 'held', story.waits.until);
    else if (story.waits?.for === 'silence') this.#tell(story, true);
    else if (!story.heardHere && holdMs !== null) {
      story.waits = { for: 'hold', until: Math.max(this.now + holdMs, quietUntil) };
      this.#decide(event, rule.name, 'held', story.waits.until);
    } else if (quietUntil > this.now) {
      story.waits = { for: 'repeat', until: quietUntil };
      this.#decide(event, rule.name, 'repeat', quietUntil);
      const since = story.updatedAt ?? story.lastHeard!;
      if (story.heardHere && story.places.some(canEdit)) story.updateAt ??= Math.max(this.now, since + minute);
    } else this.#tell(story, true);
  }

  /** Says it, or keeps it while there is a silence. `isNew`: what forwards events has not had this one yet. */
  #tell(story: Story, isNew: boolean): void {
    const { rule, subject, event } = story;
    const act = story.heardHere ? 'remind' : 'open';
    const places = rule.send.map(({ to }) => to);
    const silence = places.some(isAlert) ? this.#silence(subject) : null;
    for (const to of places)
      if (isNew || (isAlert(to) && silence === null)) this.#wish(rule.name, to, act, isAlert(to) && silence !== null);
    const said = places.filter((to) => silence === null || !isAlert(to));
    story.places = [...new Set([...story.places, ...said])];
    story.updateAt = null;
    if (silence === null)
      return void Object.assign(story, { waits: null, lastHeard: this.now, heardHere: true, failuresUntold: 0 });
    story.waits = { for: 'silence', until: silence.until };
    this.#decide(event, rule.name, 'silenced', silence.until);
  }

  #completes({ subject: name, happened }: Heard): void {
    const subject = this.#subject(name);
    subject.completed = Math.max(subject.completed, happened);
    if (subject.incident === null || subject.failed >= happened) return;
    subject.incident = null;
    for (const story of this.#stories.filter((each) => each.subject === name).toSorted(byRule)) {
      const { rule, event, waits, places, lastHeard } = story;
      const { recover = false, repeatMs = null } = rule.incident ?? {};
      if (waits?.for === 'hold' || waits?.for === 'silence') this.#decide(event, rule.name, 'cancelled', null);
      for (const to of places) if (recover || canEdit(to)) this.#wish(rule.name, to, recover ? 'recover' : 'count');
      // Nobody hears that it is over: for the time of `repeat`, a new failure is the old story.
      const goesOn = repeatMs !== null && !recover && lastHeard !== null;
      Object.assign(story, { incident: 0, waits: null, places: [], heardHere: false, failuresUntold: 0, updateAt: null });
      if (!goesOn) this.#stories.splice(this.#stories.indexOf(story), 1);
    }
  }

  /** A rule sends an event for itself. */
  #sayOnce(event: number, subject: string, rule: MatchingRule): void {
    const silence = this.#silence(subject);
    for (const { to } of rule.send) this.#wish(rule.name, to, 'message', isAlert(to) && silence !== null);
    if (silence && rule.send.some(({ to }) => isAlert(to))) this.#decide(event, rule.name, 'silenced', silence.until);
  }

  /** Everything whose time has come by now, even if that was long ago. */
  catchUp(): void {
    const due = this.#stories.filter(({ waits }) => waits !== null && waits.until !== null && waits.until <= this.now);
    const inOrder = due.toSorted((a, b) => a.waits!.until! - b.waits!.until! || byRule(a, b));
    for (const together of Map.groupBy(inOrder, ({ event }) => event).values()) {
      for (const story of together) {
        this.decisions.delete(`${story.event} / ${story.rule.name}`);
        this.#tell(story, story.waits!.for !== 'silence');
      }
      this.#say(together[0]!.event);
    }
    const stale = this.#stories.filter(({ updateAt }) => updateAt !== null && updateAt <= this.now).toSorted(byRule);
    for (const together of Map.groupBy(stale, ({ event }) => event).values()) {
      for (const story of together) {
        // Nothing is sent here, so one that was planned waits still, and says whatever is so when it goes.
        const waits = (to: string) =>
          this.told.some((each) => each.act === 'count' && each.to === to && this.#about(each) === story.subject);
        for (const to of story.places.filter(canEdit)) if (!waits(to)) this.#wish(story.rule.name, to, 'count');
        Object.assign(story, { updateAt: null, updatedAt: this.now });
      }
      this.#say(together[0]!.event);
    }
  }

  /** Time passes, moment by moment in which something is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = Math.min(...this.#stories.flatMap(({ waits, updateAt }) => [waits?.until ?? Infinity, updateAt ?? Infinity]));
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.catchUp();
    }
    this.now = end;
  }

  /** Nobody is there. */
  sleep(ms: number): void {
    this.now += ms;
  }

  silence(until: number | null, subject: string | null): void {
    this.#silences.push({ subject, until });
    this.#review();
  }

  liftSilences(): void {
    this.#silences = [];
    this.#review();
  }

  #review(): void {
    for (const { waits } of this.#stories) if (waits?.for === 'silence') waits.until = this.now;
    this.catchUp();
  }

  open(): { incident: number; subject: string; failures: number }[] {
    return [...this.#subjects]
      .flatMap(([subject, { incident }]) =>
        incident ? [{ incident: incident.event, subject, failures: incident.failures }] : [],
      )
      .toSorted((a, b) => a.incident - b.incident);
  }

  untold(): Record<string, number> {
    const untold = this.#stories.filter(({ failuresUntold }) => failuresUntold > 0);
    return Object.fromEntries(untold.map(({ rule, subject, failuresUntold }) => [`${rule.name} / ${subject}`, failuresUntold]));
  }

  #subject(name: string): Subject {
    const found = this.#subjects.get(name) ?? { failed: -Infinity, completed: -Infinity, incident: null };
    this.#subjects.set(name, found);
    return found;
  }

  #story(rule: MatchingRule, subject: string, incident: number): Story {
    let found = this.#stories.find((each) => each.rule.name === rule.name && each.subject === subject);
    if (!found) {
      const nothing = { waits: null, lastHeard: null, heardHere: false, places: [], updateAt: null, updatedAt: null };
      found = { rule, subject, incident, event: 0, failuresUntold: 0, ...nothing };
      this.#stories.push(found);
    }
    if (found.incident !== incident) Object.assign(found, { incident, updatedAt: null });
    return found;
  }

  /** The one that lasts longest. */
  #silence(subject: string): Silence | null {
    const covering = this.#silences.filter(
      (each) => (each.subject ?? subject) === subject && (each.until ?? Infinity) > this.now,
    );
    return covering.toSorted((a, b) => (b.until ?? Infinity) - (a.until ?? Infinity))[0] ?? null;
  }

  #about({ event }: Told): string {
    return this.#heard[event - 1]!.subject;
  }

  #decide(event: number, rule: string, kind: string, until: number | null): void {
    this.decisions.set(`${event} / ${rule}`, { kind, until });
  }

  #wish(rule: string, to: string, act: string, kept = false): void {
    this.#wishes.push({ rule, to, act, kept });
  }

  /** One message for each place: the first rule that wants it signs it, and its strongest reason counts. */
  #say(event: number): void {
    const wishes = this.#wishes;
    this.#wishes = [];
    for (const [to, all] of Map.groupBy(wishes, (wish) => wish.to)) {
      const said = all.filter(({ kept }) => !kept);
      const kept = said.length === 0;
      const [first] = kept ? all : said;
      this.told.push({ at: this.now, event, rule: first!.rule, to, act: strongest(kept ? all : said), kept });
    }
  }
}

function strongest(wishes: readonly Wish[]): string {
  const acts = new Set(wishes.map(({ act }) => act));
  const strong = ['recover', 'open', 'remind'].find((act) => acts.has(act));
  return strong ?? (acts.size === 1 ? [...acts][0]! : 'remind');
}

function byRule(a: Story, b: Story): number {
  return a.rule.name < b.rule.name ? -1 : a.rule.name > b.rule.name ? 1 : a.subject < b.subject ? -1 : 1;
}

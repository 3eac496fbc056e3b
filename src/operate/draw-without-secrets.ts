/** Previews of what quotes a secret: masked before it is worded, since a message that is cut could show most of one. */
import type { Content, Destination } from '../destination/destination.ts';
import { createViewCleaner } from './clean-view.ts';

type EventContent = Extract<Content, { kind: 'event' }>;

/** Makes destinations that only draw of such as send. `clean`: masks every secret in a text. */
export function createDrawingNoSecrets(clean: (text: string) => string): (destination: Destination) => Destination {
  const cleaned = createViewCleaner(clean);
  /** By the event as it was read: it may be large, and is drawn once for each destination. */
  const cleanedEvents = new WeakMap<EventContent['received'], Pick<EventContent, 'received' | 'body'>>();

  function cleanedEvent({ received, body }: EventContent): Pick<EventContent, 'received' | 'body'> {
    const known = cleanedEvents.get(received);
    if (known) return known;
    const text = new TextDecoder().decode(body);
    const cleanText = clean(text);
    const event = { received: cleaned(received), body: cleanText === text ? body : new TextEncoder().encode(cleanText) };
    cleanedEvents.set(received, event);
    return event;
  }

  return (destination) => ({
    ...destination,
    preview: (outgoing) => {
      const { content, incident, subject, title, note } = outgoing;
      return destination.preview({
        ...outgoing,
        content: content.kind === 'notice' ? cleaned(content) : { ...content, ...cleanedEvent(content) },
        incident: cleaned(incident),
        subject: clean(subject),
        ...(title === undefined ? {} : { title: clean(title) }),
        note: note === null ? null : clean(note),
      });
    },
  });
}

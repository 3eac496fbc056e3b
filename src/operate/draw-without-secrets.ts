/** Previews of what quotes a secret: masked before it is worded, since a message that is cut could show most of one. */
import type { Content, Destination } from '../destination/destination.ts';
import { createViewCleaner } from './clean-view.ts';

/** `clean`: masks every secret in a text. */
export function drawingNoSecrets(destination: Destination, clean: (text: string) => string): Destination {
  const cleaned = createViewCleaner(clean);

  function cleanedContent(content: Content): Content {
    if (content.kind === 'notice') return cleaned(content);
    const { received, body } = content;
    const text = new TextDecoder().decode(body);
    const cleanText = clean(text);
    const cleanBody = cleanText === text ? body : new TextEncoder().encode(cleanText);
    return { ...content, received: cleaned(received), body: cleanBody };
  }

  return {
    ...destination,
    preview: (outgoing) => {
      const { content, incident, subject, title, note } = outgoing;
      return destination.preview({
        ...outgoing,
        content: cleanedContent(content),
        incident: cleaned(incident),
        subject: clean(subject),
        ...(title === undefined ? {} : { title: clean(title) }),
        note: note === null ? null : clean(note),
      });
    },
  };
}

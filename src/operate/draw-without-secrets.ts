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
    if (clean(text) === text) return content;
    return { ...content, received: cleaned(received), body: new TextEncoder().encode(clean(text)) };
  }

  return {
    ...destination,
    preview: (outgoing) => {
      const { content, incident, ...rest } = outgoing;
      return destination.preview({ ...rest, content: cleanedContent(content), incident: cleaned(incident) });
    },
  };
}

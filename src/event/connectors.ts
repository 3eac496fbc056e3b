/**
 * The connectors: apps that carry audiences and taxonomies elsewhere, and tell of it by app events. An open set; one that is not
 * listed here keeps the name that its events give it.
 *
 * Source of ids and names: Narrative's knowledge base.
 */

interface Connector {
  id: number;
  /** As its maker writes it, for messages. */
  name: string;
  /** How event types may spell it, in lower case and without what stands between letters: which one is used is not documented. */
  spellings: readonly string[];
}

const connectors: readonly Connector[] = [
  { id: 7, name: 'S3', spellings: ['s3', 'amazons3', 'awss3'] },
  { id: 8, name: 'Facebook', spellings: ['facebook'] },
  { id: 11, name: 'The Trade Desk', spellings: ['thetradedesk', 'tradedesk'] },
  { id: 13, name: 'Google DV360', spellings: ['googledv360', 'dv360'] },
  { id: 14, name: 'Google Ads', spellings: ['googleads'] },
  { id: 15, name: 'DV360 Customer Match', spellings: ['dv360customermatch', 'googledv360customermatch'] },
  { id: 16, name: 'Yahoo!', spellings: ['yahoo'] },
  { id: 17, name: 'Hugging Face', spellings: ['huggingface'] },
  { id: 18, name: 'Magnite', spellings: ['magnite'] },
];

const byId = new Map(connectors.map((connector) => [connector.id, connector]));
const bySpelling = new Map(connectors.flatMap((connector) => connector.spellings.map((text) => [text, connector])));

/** Its app id, from its name in an event type, such as `the_trade_desk`; null for one that we don't know. */
export function connectorId(spelt: string): number | null {
  return bySpelling.get(spelt.toLowerCase().replace(/[^a-z0-9]/g, ''))?.id ?? null;
}

/** Such as `The Trade Desk`; for one that we don't know, what the event calls it. */
export function connectorName(id: number | string | null, spelt: string): string {
  return (typeof id === 'number' ? byId.get(id)?.name : undefined) ?? spelt;
}

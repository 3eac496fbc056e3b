/** The one stylesheet, put together. */
import { deliveriesStyle } from '../deliveries/deliveries-style.ts';
import { eventsStyle } from '../events/events-style.ts';
import { base } from './base.ts';
import { forms } from './forms.ts';
import { looks } from './looks.ts';
import { now } from './now.ts';
import { parts } from './parts.ts';
import { tables } from './tables.ts';

export const style = [base, parts, tables, forms, now, looks, eventsStyle, deliveriesStyle].join('\n');

/** Controls. Targets are at least 44 px high on touch screens. */
export const forms = `
button, .button {
  display: inline-flex; align-items: center; justify-content: center; gap: 0.4rem; min-height: 2.25rem; padding: 0.3rem 0.9rem;
  font: inherit; font-size: 0.9375rem; font-weight: 550; line-height: 1.3; cursor: pointer; text-decoration: none;
  color: var(--text); background: var(--surface); border: 1px solid var(--edge); border-radius: var(--radius);
}
button:hover, .button:hover { background: var(--raised); }
button.primary, .button.primary { background: var(--accent-ground); border-color: var(--accent-ground); color: var(--on-accent); }
button.primary:hover, .button.primary:hover { filter: brightness(1.12); }
button.danger, .button.danger { color: var(--bad); border-color: currentColor; }
button.plain, .button.plain { border-color: transparent; background: none; color: var(--quiet); padding-inline: 0.5rem; }
button.plain:hover, .button.plain:hover { color: var(--text); background: var(--raised); }
button:disabled { opacity: 0.6; cursor: not-allowed; }
input:not([type='checkbox'], [type='radio']), select, textarea {
  width: 100%; min-height: 2.5rem; padding: 0.4rem 0.65rem; font: inherit; color: var(--text);
  background: var(--surface); border: 1px solid var(--edge); border-radius: var(--radius);
}
input[type='checkbox'], input[type='radio'] { width: 1.15rem; height: 1.15rem; margin: 0; accent-color: var(--accent-ground); }
textarea { font-family: var(--mono); font-size: 0.9375rem; line-height: 1.45; resize: vertical; }
[aria-invalid='true'] { border-color: var(--bad) !important; border-width: 2px !important; }
label, legend, .label { font-weight: 550; font-size: 0.9375rem; }
legend { padding: 0; }
.choices + .until { margin-top: 0.4rem; }
fieldset:has(.until):not(:has([value='until']:checked)) .until { display: none; }
fieldset { border: 0; padding: 0; margin: 0; min-width: 0; }
.field { display: grid; gap: 0.25rem; align-content: start; min-width: 0; }
.hint, .wrong { font-size: 0.875rem; margin: 0; }
.hint { color: var(--quiet); }
.wrong { color: var(--bad); font-weight: 550; }
.wrong::before { content: '✗ '; }
.stack { display: grid; gap: 1rem; max-width: 38rem; }
.fields { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); align-items: start; }
.choices { display: flex; flex-wrap: wrap; gap: 0.5rem; }
.choices label {
  display: inline-flex; align-items: center; gap: 0.45rem; min-height: 2.5rem; padding: 0.2rem 0.8rem; font-weight: 500; cursor: pointer;
  border: 1px solid var(--edge); border-radius: var(--radius); background: var(--surface);
}
.choices label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); font-weight: 600; }
.choices input:focus-visible { outline-offset: 4px; }
@media (pointer: coarse), (max-width: 44rem) {
  button, .button, input:not([type='checkbox'], [type='radio']), select, .choices label { min-height: 2.75rem; }
}
`;

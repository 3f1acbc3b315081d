/** Light or dark: as the system has it, until the user chooses. */
const key = 'tsfront-theme';

export function createTheme(button: HTMLButtonElement): void {
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => (root.dataset['theme'] ?? (system.matches ? 'dark' : 'light')) === 'dark';
  const show = () => {
    const other = isDark() ? 'light' : 'dark';
    button.setAttribute('aria-label', `Use the ${other} theme`);
    button.title = `Use the ${other} theme`;
    button.dataset['shows'] = other;
  };
  try {
    const chosen = localStorage.getItem(key);
    if (chosen === 'light' || chosen === 'dark') root.dataset['theme'] = chosen;
  } catch {
    // A page that is a file may have no storage.
  }
  button.addEventListener('click', () => {
    const chosen = isDark() ? 'light' : 'dark';
    root.dataset['theme'] = chosen;
    try {
      localStorage.setItem(key, chosen);
    } catch {
      // It holds for this visit.
    }
    show();
  });
  system.addEventListener('change', show);
  show();
}

import type { Config } from "tailwindcss";

/** A color whose light and dark values stand together in `app/app.css`. */
const token = (name: string) => `var(--${name})`;

const tone = (name: string) => ({
  DEFAULT: token(name),
  soft: token(`${name}-soft`),
  line: token(`${name}-line`),
});

export default {
  content: ["./app/**/*.{ts,tsx}"],
  theme: {
    extend: {
      colors: {
        canvas: token("canvas"),
        surface: token("surface"),
        sunken: token("sunken"),
        ink: { DEFAULT: token("ink"), muted: token("ink-muted") },
        line: { DEFAULT: token("line"), strong: token("line-strong") },
        accent: {
          ...tone("accent"),
          fill: token("accent-fill"),
          hover: token("accent-hover"),
          on: token("accent-on"),
        },
        danger: { fill: token("danger-fill"), hover: token("danger-hover"), on: token("danger-on") },
        good: tone("good"),
        warn: tone("warn"),
        bad: tone("bad"),
        info: tone("info"),
      },
      fontFamily: {
        sans: [
          "Inter",
          "ui-sans-serif",
          "system-ui",
          "-apple-system",
          '"Segoe UI"',
          "Roboto",
          '"Helvetica Neue"',
          "Arial",
          "sans-serif",
        ],
        mono: [
          "ui-monospace",
          '"SF Mono"',
          '"Cascadia Mono"',
          "Menlo",
          "Consolas",
          '"Liberation Mono"',
          '"DejaVu Sans Mono"',
          "monospace",
        ],
      },
      boxShadow: {
        card: "0 1px 2px var(--shade)",
        raised: "0 1px 2px var(--shade), 0 12px 32px -8px var(--shade)",
      },
    },
  },
} satisfies Config;

"""One document, shown as text, Markdown and JSON."""

"""How numbers, dates and plurals read, wherever they do: on pages, in messages, at a terminal, in what checks find."""

"""Themes: colours, contrast, and the glyphs that carry meaning."""

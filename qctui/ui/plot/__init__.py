"""Chart drawing: from series to cells."""

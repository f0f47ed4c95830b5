"""The client of the QuantConnect v2 API.

`client.open_client` gives the two sides that `ports` describes: reads, which are tried again, and triggers, which never
are. A request leaves through `transport`, one pool of connections. Its response is read by `response` and `decode`,
judged by `answer`, and read into a model by a parser, `parse_*`, with the tolerant readers of `tolerant`.
"""

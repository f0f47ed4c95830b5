"""The QuantConnect v2 API: transport, authentication, wire schemas, parsing, endpoints."""

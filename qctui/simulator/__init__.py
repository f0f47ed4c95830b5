"""A faithful, seeded QuantConnect v2 API on loopback, over real HTTP. Shares no code with the client.

`server.serve(config)` runs it in a process of its own, `server.running(config)` on a thread of a test, and
`web_app.build_app(simulation)` gives its ASGI application for a world in memory. `python -m qctui.simulator --help`
lists its arguments. While it runs, `/_sim` on the same port (see `control`) shows the requests it got, switches faults
on and off, moves the world's time, redeploys and ends deployments; `GET /_sim/` lists what there is.
"""

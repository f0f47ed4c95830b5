"""A faithful, seeded QuantConnect v2 API on loopback, over real HTTP. Shares no code with the client.

`server.SimulatorServer(config)` is one on a socket, in a process of its own or on a thread of a test, and
`web_app.build_app(simulation)` gives the ASGI application of a world in memory. `python -m qctui.simulator --help`
lists its arguments. While it runs, `/_sim` on the same port (see `control`) shows the requests it got, switches faults
on and off, moves the world's time, redeploys and ends deployments; `GET /_sim/` lists what there is.
"""

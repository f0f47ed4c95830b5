"""From wire schemas to models. Here it is decided what an odd answer means; nothing else sees the wire.

The modules are imported when first needed: `pydantic` and the schemas cost more start-up time than an emergency command
has to give.
"""

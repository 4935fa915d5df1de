"""Every case of the lab; importing a module registers its cases."""
from . import incident, answers, lifecycle, partial, paths, registrars, transports, websocket  # noqa: F401

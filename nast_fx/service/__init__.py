"""The engine for several programs of one user on one machine: ``nast-fx serve``.

It speaks the worker's protocol (`nast_fx.models.messages`) at a socket that only its owner can reach. The
service itself loads nothing of the engine: each job is done by a worker process, whose crash ends that job.
"""

from nast_fx.service.place import Place, PortPlace, SocketPlace, default_place
from nast_fx.service.service import Service, run_service

__all__ = ["Place", "PortPlace", "Service", "SocketPlace", "default_place", "run_service"]
